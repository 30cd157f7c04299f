"""`make deploy`, `make destroy` and `make first-token`, on moto's CloudFormation, S3 and DynamoDB."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from moto import mock_aws

from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_tokens import DynamoTokenStore
from chalicelib.domain.token import read_token
from deploy import verbs
from deploy.__main__ import main
from deploy.account import Account, aws_in_plain_words
from deploy.package import Package
from deploy.refusals import Refusal
from deploy.stack import Stack
from tests.deploy.conftest import URL


def test_a_stage_is_made_and_the_next_step_told(
    account: Account, stack: Stack, small_package: Package, said: list[str]
) -> None:
    verbs.deploy(account, stack, small_package, {}, said.append)

    assert stack.outputs()["TableName"] == "tapit-dev"
    assert any("+ Table" in line for line in said)
    assert URL in said[-1]
    assert "make first-token STAGE=dev" in said[-1]


def test_a_second_deployment_changes_nothing_and_says_so(
    account: Account, stack: Stack, small_package: Package, said: list[str]
) -> None:
    verbs.deploy(account, stack, small_package, {}, said.append)
    verbs.deploy(account, stack, small_package, {}, said.append)

    assert "tapit-dev is up to date: nothing had to change." in said


def test_what_was_asked_for_once_is_kept(account: Account, stack: Stack, small_package: Package) -> None:
    verbs.deploy(account, stack, small_package, {"Clusters": "prod"}, print)
    small_package.zip.write_bytes(b"a newer zip")
    verbs.deploy(account, stack, small_package, {"LogGroups": "/shop/*"}, print)

    assert stack.parameters()["Clusters"] == "prod"
    assert stack.parameters()["LogGroups"] == "/shop/*"


def test_the_bucket_is_private_encrypted_and_named_after_its_place(
    account: Account, stack: Stack, small_package: Package
) -> None:
    verbs.deploy(account, stack, small_package, {}, print)

    s3, name = account.client("s3"), f"tapit-deploy-{account.id}-eu-west-1"
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"


def test_a_kept_table_is_found_again(
    account: Account, stack: Stack, small_package: Package, said: list[str]
) -> None:
    verbs.deploy(account, stack, small_package, {}, said.append)
    verbs.destroy(account, stack, with_table=False, say=said.append)
    assert stack.find() is None

    verbs.deploy(account, stack, small_package, {}, said.append)
    verbs.deploy(account, stack, small_package, {"Clusters": "prod"}, said.append)

    assert "Found the table tapit-dev, kept from before: going on with it." in said
    assert stack.parameters()["ExistingTable"] == "tapit-dev"
    assert account.client("dynamodb").list_tables()["TableNames"] == ["tapit-dev"]


def test_a_bus_that_others_have_rules_on_is_not_taken_down(
    account: Account, stack: Stack, small_package: Package
) -> None:
    verbs.deploy(account, stack, small_package, {}, print)
    pattern = json.dumps({"source": ["tapit"]})
    account.client("events").put_rule(Name="failures", EventBusName="tapit-dev", EventPattern=pattern)

    with pytest.raises(Refusal, match="There are rules on the bus tapit-dev: failures"):
        verbs.destroy(account, stack, with_table=False, say=print)

    assert stack.find() is not None


def test_a_table_goes_only_when_told_to(account: Account, stack: Stack, small_package: Package) -> None:
    verbs.deploy(account, stack, small_package, {}, print)

    verbs.destroy(account, stack, with_table=True, say=print)

    assert account.client("dynamodb").list_tables()["TableNames"] == []


def test_secrets_of_webhooks_are_kept_with_the_table_and_go_with_it(
    account: Account, stack: Stack, small_package: Package
) -> None:
    ssm = account.client("ssm")
    mine = [f"/tapit/dev/webhooks/{number}" for number in range(25)]
    for name in (*mine, "/tapit/dev2/webhooks/other"):
        ssm.put_parameter(Name=name, Value="whsec_a", Type="SecureString")

    verbs.deploy(account, stack, small_package, {}, print)
    verbs.destroy(account, stack, with_table=False, say=print)
    assert ssm.get_parameter(Name=mine[0])["Parameter"]["Name"] == mine[0]

    verbs.deploy(account, stack, small_package, {}, print)
    verbs.destroy(account, stack, with_table=True, say=print)
    left = ssm.get_parameters_by_path(Path="/tapit", Recursive=True)["Parameters"]
    assert [each["Name"] for each in left] == ["/tapit/dev2/webhooks/other"]


def test_secrets_of_apps_are_kept_with_the_table_and_go_with_it(
    account: Account, stack: Stack, small_package: Package
) -> None:
    client = account.client("secretsmanager")
    mine = [f"tapit/dev/shop-{number}" for number in range(120)]
    for name in (*mine, "tapit/dev2/shop", "shops/tapit/dev/own"):
        client.create_secret(Name=name, SecretString="{}")

    verbs.deploy(account, stack, small_package, {}, print)
    verbs.destroy(account, stack, with_table=False, say=print)
    assert client.describe_secret(SecretId=mine[0])["Name"] == mine[0]

    verbs.deploy(account, stack, small_package, {}, print)
    verbs.destroy(account, stack, with_table=True, say=print)
    left = [each["Name"] for each in client.list_secrets(IncludePlannedDeletion=True)["SecretList"]]
    assert sorted(left) == ["shops/tapit/dev/own", "tapit/dev2/shop"]


def test_a_first_deployment_that_failed_does_not_block_the_next(
    account: Account, stack: Stack, small_package: Package, said: list[str]
) -> None:
    _leave_a_proposal(account, small_package)

    verbs.deploy(account, stack, small_package, {}, said.append)

    assert "Clearing away tapit-dev, whose first deployment did not succeed ..." in said
    assert stack.outputs()["TableName"] == "tapit-dev"


def test_access_logs_need_a_role_of_the_account(
    account: Account, stack: Stack, small_package: Package
) -> None:
    with pytest.raises(Refusal, match="no role to write access logs"):
        verbs.deploy(account, stack, small_package, {"AccessLogs": "on"}, print)

    assert stack.find() is None


def test_a_value_that_the_template_does_not_allow_is_refused(
    account: Account, stack: Stack, small_package: Package
) -> None:
    with pytest.raises(Refusal, match="AccessLogs is one of off, on, not yes"):
        verbs.deploy(account, stack, small_package, {"AccessLogs": "yes"}, print)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"AccessLogs": "yes"}, "AccessLogs is one of off, on, not yes"),
        (
            {"Clusters": "prod,arn:aws:ecs:eu-west-1:1:cluster/b"},
            "Clusters cannot be arn:aws:ecs:eu-west-1:1:cluster/b",
        ),
        ({"PassableRoles": "arn:aws:iam::1:role/shop"}, "PassableRoles cannot be arn:aws:iam::1:role/shop"),
        ({"LogGroups": "/ecs/*,"}, "LogGroups cannot be empty"),
    ],
)
def test_a_bad_value_is_refused_before_anything_is_made(
    account: Account, stack: Stack, small_package: Package, given: dict[str, str], words: str
) -> None:
    with pytest.raises(Refusal, match=words):
        verbs.deploy(account, stack, small_package, given, print)

    assert account.client("s3").list_buckets()["Buckets"] == []


@pytest.mark.parametrize(
    "given",
    [{"Clusters": "prod, dev-*,b_1"}, {"PassableRoles": "team/shop-*,x@y"}, {"LogGroups": "/ecs/*,a.b#c"}],
)
def test_names_and_patterns_are_taken(
    account: Account, stack: Stack, small_package: Package, given: dict[str, str]
) -> None:
    verbs.deploy(account, stack, small_package, given, print)

    assert given.items() <= stack.parameters().items()


def test_a_table_that_is_not_there_is_refused(account: Account, stack: Stack, small_package: Package) -> None:
    with pytest.raises(Refusal, match="There is no table restored in eu-west-1"):
        verbs.deploy(account, stack, small_package, {"ExistingTable": "restored"}, print)

    assert stack.find() is None


def test_a_stage_on_a_restored_table_tells_how_to_go_on_with_it(
    account: Account, stack: Stack, small_package: Package, said: list[str]
) -> None:
    verbs.deploy(account, stack, small_package, {}, print)
    account.client("dynamodb").create_table(
        TableName="restored",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    verbs.deploy(account, stack, small_package, {"ExistingTable": "restored"}, print)

    verbs.destroy(account, stack, with_table=False, say=said.append)

    assert said[-1].strip() == "make deploy STAGE=dev EXISTING_TABLE=restored"


def test_of_a_first_token_only_a_digest_is_stored(
    account: Account, stack: Stack, small_package: Package, said: list[str]
) -> None:
    verbs.deploy(account, stack, small_package, {}, print)

    verbs.first_token(account, stack, "alice", said.append)

    shown = "\n".join(said)
    found = re.search(r"tpt_\w+", shown)
    form = read_token(found[0]) if found else None
    assert form is not None
    dynamodb = account.client("dynamodb")
    stored = DynamoTokenStore(DynamoTable(dynamodb, "tapit-dev")).find(form[0])
    assert stored is not None
    assert stored.name == "alice"
    assert stored.accepts(form[1])
    items = dynamodb.scan(TableName="tapit-dev")["Items"]
    assert form[1] not in str(items)
    assert f"tapit login url={URL} --profile dev" in shown
    (told,) = [json.loads(item["summary"]["S"]) for item in items if item["pk"]["S"].startswith("audit#")]
    assert (told["what"], told["target"], told["details"]["id"]) == ("token.created", "alice", form[0])
    assert told["by"] == account.client("sts").get_caller_identity()["Arn"]


@pytest.mark.parametrize("name", ["", " ", "a" * 256, "red\x1b[31m", "two\nlines"])
def test_a_token_s_name_is_one_that_can_be_kept_and_shown(name: str) -> None:
    with pytest.raises(Refusal, match="name"):
        verbs.check_token_name(name)


@pytest.mark.parametrize("command", ["first-token", "destroy", "redrive"])
def test_a_stage_that_is_not_there_is_said_to_be_missing(account: Account, command: str) -> None:
    done = CliRunner().invoke(main, [command, "--stage", "prod"])

    assert done.exit_code == 1
    assert f"There is no stack tapit-prod in eu-west-1 of account {account.id}." in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(("stage", "words"), [("", "Which stage?"), ("Dev!", "Dev! is no name for a stage.")])
def test_a_bad_stage_is_refused_before_anything_is_asked(stage: str, words: str) -> None:
    done = CliRunner().invoke(main, ["deploy", "--arch", "arm64", "--stage", stage])

    assert done.exit_code == 1
    assert words in done.output


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "No region is set."),
        ({"AWS_REGION": "eu-west-1"}, "There are no AWS credentials."),
    ],
)
def test_a_missing_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environment: dict[str, str], words: str
) -> None:
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_PROFILE",
    ):
        monkeypatch.delenv(name, raising=False)
    nowhere = {"AWS_CONFIG_FILE": str(tmp_path / "c"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "s")}
    for name, value in (environment | nowhere | {"AWS_EC2_METADATA_DISABLED": "true"}).items():
        monkeypatch.setenv(name, value)

    done = CliRunner().invoke(main, ["first-token", "--stage", "dev"])

    assert done.exit_code == 1
    assert words in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDenied", "User: x is not authorized"),
        ("403", "Forbidden"),
    ],  # S3 says no more to a HEAD request
)
def test_what_is_not_allowed_points_to_the_permissions(account: Account, code: str, message: str) -> None:
    with mock_aws(config={"core": {"mock_credentials": True}}):
        denied = {"Error": {"Code": code, "Message": message}}
        with pytest.raises(Refusal, match=message) as refusal, aws_in_plain_words():
            raise account.client("sts").exceptions.ClientError(denied, "CreateChangeSet")

    assert refusal.value.hint == "docs/aws.md lists the permissions that deploying takes."


def _leave_a_proposal(account: Account, made: Package) -> None:
    """A change set that was never carried out leaves a stack that is only a name."""
    account.client("cloudformation").create_change_set(
        StackName="tapit-dev",
        ChangeSetName="left",
        ChangeSetType="CREATE",
        TemplateBody=made.template.read_text(),
        Parameters=[
            {"ParameterKey": name, "ParameterValue": "dev"} for name in ("Stage", "CodeBucket", "CodeKey")
        ],
    )
