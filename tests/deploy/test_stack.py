"""What is told while CloudFormation works, and of what it could not do; its answers are put into its client."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from deploy.account import Account
from deploy.refusals import Refusal
from deploy.stack import Stack

NAME = "tapit-dev"
ID = f"arn:aws:cloudformation:eu-west-1:123456789012:stack/{NAME}/1"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


class StubbedAccount(Account):
    def client(self, service: str) -> Any:
        return {"cloudformation": CLIENT}[service]


CLIENT: Any = boto3.client(
    "cloudformation", region_name="eu-west-1", aws_access_key_id="testing", aws_secret_access_key="testing"
)


def test_a_rollback_names_what_failed_first_and_why() -> None:
    said: list[str] = []
    events = [
        _event(5, NAME, "ROLLBACK_COMPLETE"),
        _event(4, "Launch", "CREATE_FAILED", "Resource creation cancelled"),
        _event(3, "Table", "CREATE_FAILED", "Subscriber limit exceeded"),
        _event(2, "RestAPI", "CREATE_COMPLETE"),
        _event(1, "Table", "CREATE_IN_PROGRESS"),
    ]
    with Stubber(CLIENT) as answers:
        answers.add_client_error("describe_stacks", "ValidationError", f"Stack with id {NAME} does not exist")
        _propose(answers)
        answers.add_response("describe_stacks", _stacks("ROLLBACK_COMPLETE"))
        answers.add_response("describe_stack_events", {"StackEvents": events})

        with pytest.raises(Refusal, match=r"first: Table \(AWS::X::Y\): Subscriber limit exceeded"):
            _stack(said).change("https://template", [])

    assert said[:2] == ["  + Launch  AWS::Lambda::Function", "  CREATE_COMPLETE  RestAPI"]


def test_an_update_waits_for_the_end_and_tells_only_what_is_new() -> None:
    said: list[str] = []
    before = _event(1, NAME, "CREATE_COMPLETE")
    after = _event(2, "Launch", "UPDATE_COMPLETE")
    with Stubber(CLIENT) as answers:
        answers.add_response("describe_stacks", _stacks("CREATE_COMPLETE"))
        _propose(answers, {"StackEvents": [before]})
        for status, events in (("UPDATE_IN_PROGRESS", [before]), ("UPDATE_COMPLETE", [after, before])):
            answers.add_response("describe_stacks", _stacks(status))
            answers.add_response("describe_stack_events", {"StackEvents": events})

        assert _stack(said).change("https://template", [])

    assert said[1:] == ["  UPDATE_COMPLETE  Launch"]


def test_a_refused_change_set_says_why() -> None:
    with Stubber(CLIENT) as answers:
        answers.add_response("describe_stacks", _stacks("CREATE_COMPLETE"))
        answers.add_response("create_change_set", {"Id": "change"}, None)
        answers.add_response("describe_change_set", {"Status": "CREATE_IN_PROGRESS"})
        answers.add_response("describe_change_set", {"Status": "FAILED", "StatusReason": "Bad parameter"})
        answers.add_response("delete_change_set", {})

        with pytest.raises(Refusal, match="Bad parameter"):
            _stack([]).change("https://template", [])


def test_a_stack_that_does_not_go_says_what_holds_it() -> None:
    events = [_event(2, "Failed", "DELETE_FAILED", "Access denied")]
    with Stubber(CLIENT) as answers:
        answers.add_response("describe_stacks", _stacks("CREATE_COMPLETE"))
        answers.add_response("describe_stack_events", {"StackEvents": []})
        answers.add_response("delete_stack", {})
        answers.add_response("describe_stacks", _stacks("DELETE_FAILED"), {"StackName": ID})
        answers.add_response("describe_stack_events", {"StackEvents": events})

        with pytest.raises(Refusal, match="Access denied"):
            _stack([]).delete()


def _stack(said: list[str]) -> Stack:
    account = StubbedAccount(boto3.Session(region_name="eu-west-1"), "123456789012", "eu-west-1")
    return Stack(account, "dev", said.append, pause=lambda _: None)


def _propose(answers: Stubber, events_before: dict[str, Any] | None = None) -> None:
    change = {
        "Action": "Add",
        "LogicalResourceId": "Launch",
        "ResourceType": "AWS::Lambda::Function",
    }
    ready = {"Status": "CREATE_COMPLETE", "Changes": [{"Type": "Resource", "ResourceChange": change}]}
    answers.add_response("create_change_set", {"Id": "change"}, None)
    answers.add_response("describe_change_set", ready, {"ChangeSetName": "change"})
    answers.add_response("describe_change_set", ready, {"ChangeSetName": "change"})
    if events_before is not None:
        answers.add_response("describe_stack_events", events_before)
    answers.add_response("execute_change_set", {}, {"ChangeSetName": ANY})


def _stacks(status: str) -> dict[str, Any]:
    return {"Stacks": [{"StackName": NAME, "StackId": ID, "CreationTime": NOON, "StackStatus": status}]}


def _event(number: int, resource: str, status: str, reason: str = "") -> dict[str, Any]:
    return {
        "StackId": ID,
        "EventId": f"{resource}-{number}",
        "StackName": NAME,
        "LogicalResourceId": resource,
        "ResourceType": "AWS::X::Y",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "Timestamp": NOON,
    }
