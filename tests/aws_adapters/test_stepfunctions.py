"""The lifecycle's state machine, run by an interpreter with real waits, and how executions are begun."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from moto.core.config import DefaultConfig

from chalicelib import lifecycle_steps
from chalicelib.adapters.stepfunctions import SUCCESSOR_EVERY, StepFunctionsLifecycle
from chalicelib.domain.errors import Misconfigured, NoCapacity, Unanswered
from tests.aws_adapters.ecs_account import client
from tests.aws_adapters.lambda_endpoint import lambda_endpoint
from tests.builders import TASK_ID, a_task
from tests.dynamodb_table import SetClock

DEFINITION = (Path(__file__).parents[2] / ".chalice" / "lifecycle.asl.json").read_text()
ROLE = "arn:aws:iam::123456789012:role/lifecycle"


@pytest.fixture
def states() -> Iterator[Any]:
    with mock_aws():
        yield client("stepfunctions")


def a_machine(states: Any, definition: str = DEFINITION) -> str:
    made = states.create_state_machine(name="tapit-test-lifecycle", definition=definition, roleArn=ROLE)
    arn: str = made["stateMachineArn"]
    return arn


def names(states: Any, machine: str) -> list[str]:
    return sorted(each["name"] for each in states.list_executions(stateMachineArn=machine)["executions"])


def end(states: Any, machine: str) -> None:
    (execution,) = states.list_executions(stateMachineArn=machine)["executions"]
    states.stop_execution(executionArn=execution["executionArn"])


def test_a_lifecycle_is_begun_once(states: Any, clock: SetClock) -> None:
    machine = a_machine(states)
    lifecycle = StepFunctionsLifecycle(states, machine, clock)

    for _ in range(3):
        lifecycle.begin(a_task())

    assert names(states, machine) == [TASK_ID]


def test_one_that_died_has_a_successor_and_only_one_at_a_time(states: Any, clock: SetClock) -> None:
    machine = a_machine(states)
    lifecycle = StepFunctionsLifecycle(states, machine, clock)
    lifecycle.begin(a_task())
    end(states, machine)

    lifecycle.begin(a_task())
    lifecycle.begin(a_task())
    assert len(names(states, machine)) == 2

    clock.time += timedelta(seconds=SUCCESSOR_EVERY)
    lifecycle.begin(a_task())
    assert len(names(states, machine)) == 3


def test_one_that_runs_with_another_input_goes_on(states: Any, clock: SetClock) -> None:
    machine = a_machine(states)
    states.start_execution(stateMachineArn=machine, name=TASK_ID, input='{"task_id": "x", "of": "before"}')

    StepFunctionsLifecycle(states, machine, clock).begin(a_task())

    assert names(states, machine) == [TASK_ID]


def test_a_machine_that_is_not_there_can_be_asked_again(states: Any, clock: SetClock) -> None:
    missing = a_machine(states) + "-gone"

    with pytest.raises(Unanswered, match=TASK_ID):
        StepFunctionsLifecycle(states, missing, clock).begin(a_task())


def test_a_function_that_is_told_no_machine_names_the_setting(states: Any, clock: SetClock) -> None:
    with pytest.raises(Misconfigured, match="STATE_MACHINE_ARN is missing"):
        StepFunctionsLifecycle(states, None, clock).begin(a_task())


def test_every_step_is_tried_again_and_no_error_is_left_out() -> None:
    machine = json.loads(DEFINITION)
    steps = [state for state in machine["States"].values() if state["Type"] == "Task"]

    assert [step["Retry"][-1]["ErrorEquals"] for step in steps] == [["States.ALL"], ["States.ALL"]]
    assert all(retry["JitterStrategy"] == "FULL" for step in steps for retry in step["Retry"])


class Life:
    """The steps of one task: refused twice, then launched, and over at the second look."""

    def __init__(self) -> None:
        self.wakes: list[datetime] = []
        self.looks: list[datetime] = []
        self._refusals: list[Exception] = [Unanswered("AWS is busy"), NoCapacity("Capacity is unavailable")]

    def launch(self, event: dict[str, Any]) -> dict[str, Any]:
        if self._refusals:
            raise self._refusals.pop()
        return self._wake_again(event, timedelta(seconds=3))

    def check_deadline(self, event: dict[str, Any]) -> dict[str, Any]:
        self.looks.append(datetime.now(UTC))
        if len(self.looks) == 2:
            return lifecycle_steps.answer(lifecycle_steps.parse(event), None)
        return self._wake_again(event, timedelta(seconds=2))

    def _wake_again(self, event: dict[str, Any], pause: timedelta) -> dict[str, Any]:
        self.wakes.append(datetime.now(UTC).replace(microsecond=0) + pause)
        return lifecycle_steps.answer(lifecycle_steps.parse(event), self.wakes[-1])


@pytest.mark.slow
def test_a_life_goes_from_launch_to_its_end_with_refusals_and_waits_between(
    monkeypatch: pytest.MonkeyPatch, clock: SetClock
) -> None:
    life = Life()
    with (
        lambda_endpoint({"launch": life.launch, "check-deadline": life.check_deadline}) as url,
        interpreted(),
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", url)
        states = client("stepfunctions")
        machine = a_machine(states, deployed())
        StepFunctionsLifecycle(states, machine, clock).begin(a_task())
        execution = finished(states, machine)

    assert execution["status"] == "SUCCEEDED", execution
    assert json.loads(execution["output"]) == {"task_id": TASK_ID, "done": True, "next_wake": None}
    # The interpreter may wake up to a second early, and at most two late.
    late = [(look - wake).total_seconds() for look, wake in zip(life.looks, life.wakes, strict=True)]
    assert all(-1 <= seconds <= 2 for seconds in late), late


def interpreted() -> Any:
    """Moto, with its interpreter; it reaches functions on this machine."""
    config: DefaultConfig = {
        "stepfunctions": {"execute_state_machine": True},
        "core": {"passthrough": {"urls": [r"http://127\.0\.0\.1:.*"], "services": []}},
    }
    return mock_aws(config=config)


def deployed() -> str:
    """The definition as CloudFormation hands it over."""
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:"
    definition = DEFINITION.replace("${LaunchArn}", f"{arn}launch")
    return definition.replace("${CheckDeadlineArn}", f"{arn}check-deadline")


def finished(states: Any, machine: str) -> dict[str, Any]:
    (begun,) = states.list_executions(stateMachineArn=machine)["executions"]
    for _ in range(300):
        execution: dict[str, Any] = states.describe_execution(executionArn=begun["executionArn"])
        if execution["status"] != "RUNNING":
            return execution
        time.sleep(0.1)
    raise AssertionError(f"still running: {states.get_execution_history(executionArn=begun['executionArn'])}")
