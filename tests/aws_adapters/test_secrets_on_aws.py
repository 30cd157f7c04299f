"""Secrets of an app on AWS: values in Secrets Manager alone, references in definitions, and who may read them."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

import app as triggers
from chalicelib.adapters.app_secrets_manager import SecretsManagerAppSecrets
from chalicelib.adapters.secret_readers import MOST_ROLES, SecretReaders
from chalicelib.domain.errors import RefusedForNow
from tests.aws_adapters.aws_home import AwsHome, aws_home
from tests.aws_adapters.ecs_account import EXECUTION_ROLE, client

MARK = "marker-of-a-secret"
NAME = "tapit/test/shop"


@pytest.fixture
def home() -> Iterator[AwsHome]:
    with aws_home() as home:
        yield home


def launched(home: AwsHome) -> Any:
    """Return the main container that a new task of the app is defined with."""
    before = set(definitions(home))
    task = home.create()
    home.call("launch", lambda: triggers.on_launch({"task_id": task["id"]}, None))
    (made,) = set(definitions(home)) - before
    described = home.clients["ecs"].describe_task_definition(taskDefinition=made)
    return described["taskDefinition"]["containerDefinitions"][0]


def definitions(home: AwsHome) -> list[str]:
    arns: list[str] = home.clients["ecs"].list_task_definitions()["taskDefinitionArns"]
    return [arn for arn in arns if "/tapit-test_shop_" in arn]


def readers(home: AwsHome) -> Any:
    policy = json.loads(home.clients["secretsmanager"].get_resource_policy(SecretId=NAME)["ResourcePolicy"])
    (statement,) = policy["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "secretsmanager:GetSecretValue")
    return statement["Principal"]["AWS"]


def test_containers_are_handed_the_key_and_the_version_that_are_on_record(home: AwsHome) -> None:
    home.ask("PATCH", "/apps/shop", {"secret_values": {"API_KEY": MARK}})
    secret = home.clients["secretsmanager"].describe_secret(SecretId=NAME)
    (version,) = secret["VersionIdsToStages"]

    references = {each["name"]: each["valueFrom"] for each in launched(home)["secrets"]}

    assert references["API_KEY"] == f"{secret['ARN']}:API_KEY::{version}"
    assert "DATABASE_URL" in references  # which the app's service has


def test_what_is_kept_comes_before_what_the_service_has(home: AwsHome) -> None:
    home.ask("PATCH", "/apps/shop", {"secret_values": {"DATABASE_URL": MARK, "MODE": MARK}})

    main = launched(home)

    assert all(each["valueFrom"].split(":")[6].startswith(NAME) for each in main["secrets"])
    assert "MODE" not in {each["name"] for each in main["environment"]}


def test_another_value_is_another_definition_and_a_version_gone_back_to_is_the_earlier_one(
    home: AwsHome,
) -> None:
    home.ask("PATCH", "/apps/shop", {"secret_values": {"API_KEY": "one"}})
    first = launched(home)
    home.ask("PATCH", "/apps/shop", {"secret_values": {"API_KEY": "two"}})
    second = launched(home)
    home.ask("PATCH", "/apps/shop", {"secrets_version": 1})
    known = definitions(home)
    task = home.create()
    home.call("launch", lambda: triggers.on_launch({"task_id": task["id"]}, None))

    assert first["secrets"] != second["secrets"]
    assert definitions(home) == known


def test_the_role_that_starts_tasks_may_read_them_and_the_api_says_what_they_cost(home: AwsHome) -> None:
    told = home.ask("PATCH", "/apps/shop", {"secret_values": {"API_KEY": MARK}})
    again = home.ask("PATCH", "/apps/shop", {"secret_values": {"API_KEY": MARK}})
    launched(home)

    assert readers(home) == [EXECUTION_ROLE]
    assert ["$0.40 a month" in note for note in told["notes"]] == [True]
    assert again["notes"] == []


def test_a_role_that_the_service_goes_back_to_may_still_read(home: AwsHome) -> None:
    home.ask("PATCH", "/apps/shop", {"secret_values": {"API_KEY": MARK}})
    arn = home.clients["secretsmanager"].describe_secret(SecretId=NAME)["ARN"]
    allowed = SecretReaders(client("secretsmanager"))

    for role in [f"role-{number}" for number in range(8)]:
        allowed.allow(arn, role)
    allowed.allow(arn, "role-7")

    assert readers(home) == [f"arn:aws:iam::123456789012:role/role-{n}" for n in range(8 - MOST_ROLES, 8)]


def test_what_a_team_has_put_into_the_policy_stays(home: AwsHome) -> None:
    home.ask("PATCH", "/apps/shop", {"secret_values": {"API_KEY": MARK}})
    manager = home.clients["secretsmanager"]
    own = {"Sid": "Ours", "Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Id": "own", "Statement": [own]}
    manager.put_resource_policy(SecretId=NAME, ResourcePolicy=json.dumps(policy))

    launched(home)

    after = json.loads(manager.get_resource_policy(SecretId=NAME)["ResourcePolicy"])
    assert (after["Id"], after["Statement"][0]) == ("own", own)
    assert after["Statement"][1]["Principal"] == {"AWS": [EXECUTION_ROLE]}


def test_a_role_that_was_deleted_is_named_no_more(home: AwsHome) -> None:
    home.ask("PATCH", "/apps/shop", {"secret_values": {"API_KEY": MARK}})
    launched(home)
    manager = home.clients["secretsmanager"]
    text = manager.get_resource_policy(SecretId=NAME)["ResourcePolicy"]
    manager.put_resource_policy(SecretId=NAME, ResourcePolicy=text.replace(EXECUTION_ROLE, "AROAEXAMPLE"))

    SecretReaders(manager).allow(manager.describe_secret(SecretId=NAME)["ARN"], "other")

    assert readers(home) == ["arn:aws:iam::123456789012:role/other"]


def test_values_are_in_the_secret_and_nowhere_else(home: AwsHome, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    told = [
        home.answer(
            "PATCH", "/apps/shop", {"secret_values": {"API_KEY": MARK}, "environment": {"MODE": "tasks"}}
        ),
        home.answer("PATCH", "/apps/shop", {"secret_values": {"API_KEY": MARK, "OTHER": MARK}}),
        home.answer("PATCH", "/apps/shop", {"secret_values": {"MODE": MARK}}),
        home.answer("PATCH", "/apps/shop", {"secret_values": {"API_KEY": [MARK]}}),
        home.answer("POST", "/apps/shop/tasks", {"command": "true", "environment": {"API_KEY": MARK}}),
        home.answer("GET", "/apps/shop"),
    ]
    main = launched(home)

    assert [each.status for each in told] == [200, 200, 400, 400, 400, 200]
    kept = home.clients["secretsmanager"].get_secret_value(SecretId=NAME)["SecretString"]
    assert json.loads(kept) == {"API_KEY": MARK, "OTHER": MARK}
    items = home.clients["dynamodb"].scan(TableName="tapit-test")["Items"]
    for text in (*(each.body.decode() for each in told), str(items), str(main), caplog.text):
        assert MARK not in text


def test_a_removed_app_takes_its_secret_along(home: AwsHome) -> None:
    home.ask("POST", "/apps", {"name": "blog", "secret_values": {"A": MARK}})

    home.ask("DELETE", "/apps/blog")

    assert home.clients["secretsmanager"].list_secrets(IncludePlannedDeletion=True)["SecretList"] == []


def test_an_app_that_is_there_already_gets_no_secrets_of_another(home: AwsHome) -> None:
    refused = home.answer("POST", "/apps", {"name": "shop", "secret_values": {"A": MARK}})

    assert refused.status == 409
    assert home.clients["secretsmanager"].list_secrets()["SecretList"] == []


def test_environment_on_aws_is_said_to_be_no_place_for_secrets(home: AwsHome) -> None:
    (note,) = home.ask("POST", "/apps", {"name": "blog", "environment": {"A": "1"}})["notes"]

    assert "whoever may describe task definitions in this account can read them" in note
    assert home.ask("POST", "/apps", {"name": "plain"})["notes"] == []


def test_a_secret_that_somebody_scheduled_for_deletion_is_said_to_be(home: AwsHome) -> None:
    home.ask("PATCH", "/apps/shop", {"secret_values": {"A": MARK}})
    home.clients["secretsmanager"].delete_secret(SecretId=NAME, RecoveryWindowInDays=7)

    with pytest.raises(RefusedForNow, match="restore-secret --secret-id tapit/test/shop"):
        SecretsManagerAppSecrets(client("secretsmanager"), "test").write("shop", {}, ["A"], "0" * 32)
