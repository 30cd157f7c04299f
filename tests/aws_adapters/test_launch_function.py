"""The sweep has the function called that launches tasks."""

import json
from typing import Any

import pytest
from botocore.stub import Stubber

from chalicelib.adapters.launch_function import LaunchFunction
from chalicelib.adapters.stepfunctions import StepFunctionsLifecycle
from chalicelib.domain.errors import Unanswered
from tests.aws_adapters.ecs_account import client
from tests.builders import TASK_ID, a_task
from tests.dynamodb_table import SetClock


def a_lifecycle(functions: Any, caller: str = "tapit-dev-sweep") -> StepFunctionsLifecycle:
    return StepFunctionsLifecycle(None, None, SetClock(), LaunchFunction(functions, "dev", caller).call)


def test_it_is_called_without_waiting_for_what_becomes_of_it() -> None:
    asked = {
        "FunctionName": "tapit-dev-launch",
        "InvocationType": "Event",
        "Payload": json.dumps({"task_id": TASK_ID}),
    }
    with Stubber(client("lambda")) as functions:
        functions.add_response("invoke", {"StatusCode": 202}, asked)

        a_lifecycle(functions.client).launch_again(a_task())

        functions.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["TooManyRequestsException", "ServiceException", "AccessDeniedException"])
def test_a_call_that_is_not_taken_can_be_made_again(code: str) -> None:
    with Stubber(client("lambda")) as functions:
        functions.add_client_error("invoke", code, "no")

        with pytest.raises(Unanswered, match=code):
            a_lifecycle(functions.client).launch_again(a_task())


def test_it_never_calls_itself_and_says_so_to_whoever_asks_within_it() -> None:
    calls_nothing = object()

    with pytest.raises(Unanswered, match="does not call itself"):
        a_lifecycle(calls_nothing, "tapit-dev-launch").launch_again(a_task())
