"""What the Makefile's commands do, each a short story: deploy, destroy, first-token, redrive."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_tokens import DynamoTokenStore
from chalicelib.domain.token import new_token
from deploy.account import Account
from deploy.bucket import Bucket
from deploy.package import Package
from deploy.parameters import parameters, refuse_bad_values
from deploy.redriving import redrive_queue
from deploy.refusals import Refusal
from deploy.stack import Say, Stack

_STAGE = re.compile(r"[a-z][a-z0-9-]{0,15}")


def check_stage(stage: str) -> None:
    """Every resource is named after the stage, so its form matters; raise Refusal for another."""
    if not stage:
        raise Refusal("Which stage?", "Name one: STAGE=dev.")
    if not _STAGE.fullmatch(stage):
        raise Refusal(f"{stage} is no name for a stage.", "Use up to 16 of a-z, 0-9 and -, a letter first.")


def deploy(account: Account, stack: Stack, made: Package, given: dict[str, str], say: Say) -> None:
    """Upload, and bring the stack up to date; a second run changes nothing."""
    refuse_bad_values(made.template, given)
    if given.get("AccessLogs") == "on":
        _refuse_without_log_role(account)
    if "ExistingTable" in given:
        _refuse_missing_table(account, given["ExistingTable"])
    bucket = Bucket(account)
    is_new = bucket.ensure()
    say(f"Account {account.id}, region {account.region}, bucket {bucket.name}{' (new)' if is_new else ''}.")
    stack.clear_failed_start()
    known = stack.parameters()
    chosen = {"Stage": stack.stage, "CodeBucket": bucket.name, "CodeKey": bucket.upload(made.zip)}
    chosen |= _kept_table(account, stack.name, known, say) | given
    template_url = bucket.url(bucket.upload(made.template))
    changed = stack.change(template_url, parameters(made.template, chosen, known))
    say(f"{stack.name} is up to date{'' if changed else ': nothing had to change'}.")
    say(f"\n  {stack.outputs()['ApiUrl']}\n\nA token to use it with: make first-token STAGE={stack.stage}")


def destroy(account: Account, stack: Stack, *, with_table: bool, say: Say) -> None:
    """Take everything down but the table, or with it."""
    table = stack.outputs()["TableName"]
    say(f"Taking {stack.name} down in {account.region} of account {account.id} ...")
    stack.delete()
    if with_table:
        dynamodb = account.client("dynamodb")
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=table)
        say(f"{stack.name} and its table {table} are gone.")
    else:
        say(f"{stack.name} is gone. Its table {table} is kept, and used again by:")
        say(f"  make deploy STAGE={stack.stage}{'' if table == stack.name else f' EXISTING_TABLE={table}'}")


def first_token(account: Account, stack: Stack, name: str, say: Say) -> None:
    """Make an admin token; what is stored is a digest of its secret."""
    outputs = stack.outputs()
    token, text = new_token(name)
    table = DynamoTable(account.client("dynamodb"), outputs["TableName"])
    DynamoTokenStore(table).add(token, datetime.now(UTC))
    say(f"Token {token.id} for {name}. It is shown this once, and kept nowhere:\n\n  {text}\n")
    say(f"Log in with it (it is asked for):\n\n  tapit login url={outputs['ApiUrl']} --profile {stack.stage}")


def redrive(account: Account, stack: Stack, say: Say) -> None:
    """Hand every event of both dead-letter queues to the handler again; what fails again stays."""
    outputs = stack.outputs()
    for queue in ("UndeliveredQueue", "FailedQueue"):
        done, failed = redrive_queue(account, outputs[queue], outputs["EventFunction"])
        say(f"{queue}: {done} handled, {failed} failed again and stay.")


def _kept_table(account: Account, name: str, known: Mapping[str, str], say: Say) -> dict[str, str]:
    """A stage that was taken down leaves its table; a new stack goes on with it."""
    if known or not _has_table(account, name):
        return {}
    say(f"Found the table {name}, kept from before: going on with it.")
    return {"ExistingTable": name}


def _has_table(account: Account, name: str) -> bool:
    try:
        account.client("dynamodb").describe_table(TableName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        raise
    return True


def _refuse_missing_table(account: Account, name: str) -> None:
    if not _has_table(account, name):
        raise Refusal(
            f"There is no table {name} in {account.region} of account {account.id}.",
            "EXISTING_TABLE names one that was kept or restored; without it, a table is made.",
        )


def _refuse_without_log_role(account: Account) -> None:
    if not account.client("apigateway").get_account().get("cloudwatchRoleArn"):
        raise Refusal(
            "API Gateway has no role to write access logs with in this account and region.",
            "Set it once for the account: docs/aws.md, 'Access logs', has the commands.",
        )
