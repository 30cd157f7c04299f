"""What the Makefile's commands do, each a short story: deploy, destroy, first-token, redrive."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_tokens import DynamoTokenStore
from chalicelib.domain.audit import What
from chalicelib.domain.token import NAME_IN_WORDS, is_token_name, new_token
from chalicelib.usecases.create_token import token_entry
from deploy.account import Account
from deploy.app_secrets import delete_app_secrets
from deploy.bucket import Bucket
from deploy.existing_table import ExistingTable
from deploy.package import Package
from deploy.parameters import parameters, refuse_bad_values
from deploy.redriving import Redrive
from deploy.refusals import Refusal
from deploy.stack import Say, Stack
from deploy.webhook_secrets import delete_webhook_secrets

_STAGE = re.compile(r"[a-z][a-z0-9-]{0,15}")


def check_stage(stage: str) -> None:
    """Every resource is named after the stage, so its form matters; raise Refusal for another."""
    if not stage:
        raise Refusal("Which stage?", "Name one: STAGE=dev.")
    if not _STAGE.fullmatch(stage):
        raise Refusal(f"{stage} is no name for a stage.", "Use up to 16 of a-z, 0-9 and -, a letter first.")


def check_token_name(name: str) -> None:
    """It is kept with every task that the token creates, and lists are filtered by it."""
    if not is_token_name(name):
        raise Refusal(
            f"A token's name has {NAME_IN_WORDS}.",
            "Name who uses it: NAME=alice.",
        )


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
    table = chosen.get("ExistingTable") or known.get("ExistingTable")
    if table:  # before anything else changes: what the functions are about to need
        existing = ExistingTable(account, table, made.table, say, stack.pause)
        existing.add_missing()
        chosen["ExistingStream"] = existing.stream()
    template_url = bucket.url(bucket.upload(made.template))
    changed = stack.change(template_url, parameters(made.template, chosen, known))
    say(f"{stack.name} is up to date{'' if changed else ': nothing had to change'}.")
    say(f"\n  {stack.outputs()['ApiUrl']}\n\nA token to use it with: make first-token STAGE={stack.stage}")


def destroy(account: Account, stack: Stack, *, with_table: bool, say: Say) -> None:
    """Take everything down but the table, or with it."""
    outputs = stack.outputs()
    table = outputs["TableName"]
    if "EventBus" in outputs:  # a stack of an earlier version has none
        _refuse_rules_of_others(account, outputs["EventBus"])
    say(f"Taking {stack.name} down in {account.region} of account {account.id} ...")
    stack.delete()
    if with_table:
        dynamodb = account.client("dynamodb")
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=table)
        delete_webhook_secrets(account, stack.stage)
        delete_app_secrets(account, stack.stage)
        say(f"{stack.name} and its table {table} are gone.")
    else:
        say(f"{stack.name} is gone. Its table {table} is kept, and used again by:")
        say(f"  make deploy STAGE={stack.stage}{'' if table == stack.name else f' EXISTING_TABLE={table}'}")


def first_token(account: Account, stack: Stack, name: str, say: Say) -> None:
    """Make an admin token; what is stored is a digest of its secret, and in the audit, who made it."""
    check_token_name(name)
    outputs = stack.outputs()
    token, text = new_token(name)
    table = DynamoTable(account.client("dynamodb"), outputs["TableName"])
    now, by = datetime.now(UTC), account.client("sts").get_caller_identity()["Arn"]
    DynamoTokenStore(table).add(token, now, entry=token_entry(What.TOKEN_CREATED, token, by, now))
    say(f"Token {token.id} for {name}. It is shown this once, and kept nowhere:\n\n  {text}\n")
    say(f"Log in with it (it is asked for):\n\n  tapit login url={outputs['ApiUrl']} --profile {stack.stage}")


def redrive(account: Account, stack: Stack, say: Say) -> None:
    """Hand everything in the dead-letter queue over again; what fails again stays."""
    redriving = Redrive(account, stack.outputs())
    redriving.run()
    say(f"{redriving.done} handled, {redriving.failed} failed again and stay.")
    if redriving.is_forgotten:
        say(
            "Some changes are no longer in the table's stream, which keeps them for a day: nobody is told of them."
        )


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


def _refuse_rules_of_others(account: Account, bus: str) -> None:
    """A bus with rules cannot be deleted, and half of the stack would be gone before that is said."""
    rules = account.client("events").list_rules(EventBusName=bus)["Rules"]
    if rules:
        names = ", ".join(sorted(rule["Name"] for rule in rules))
        raise Refusal(
            f"There are rules on the bus {bus}: {names}.",
            f"Remove their targets and delete them first: aws events delete-rule --event-bus-name {bus} --name ...",
        )


def _refuse_without_log_role(account: Account) -> None:
    if not account.client("apigateway").get_account().get("cloudwatchRoleArn"):
        raise Refusal(
            "API Gateway has no role to write access logs with in this account and region.",
            "Set it once for the account: docs/aws.md, 'Access logs', has the commands.",
        )
