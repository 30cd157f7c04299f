"""The lifecycle's state machine, run by an interpreter with real waits, and how executions are begun."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import sqrt
from pathlib import Path
from typing import Any

import pytest
from jsonata import Jsonata
from moto import mock_aws
from moto.core.config import DefaultConfig
from moto.stepfunctions.parser.asl.jsonata import jsonata

from chalicelib import lifecycle_steps
from chalicelib.adapters.stepfunctions import StepFunctionsLifecycle
from chalicelib.domain.errors import Misconfigured, RefusedForNow, Unanswered
from chalicelib.http.aws_fields import LONGEST_QUEUE
from tests.aws_adapters.ecs_account import client
from tests.aws_adapters.lambda_endpoint import lambda_endpoint
from tests.builders import TASK_ID, a_task
from tests.dynamodb_table import SetClock
from tests.unit.test_time_limit import LOOKS_AT_A_LONG_STOP

DEFINITION = (Path(__file__).parents[2] / ".chalice" / "lifecycle.asl.json").read_text()
ROLE = "arn:aws:iam::123456789012:role/lifecycle"
# docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html; a function's call is scheduled, started, and over,
# and each state is entered and left.
EVENTS_OF_AN_EXECUTION = 25_000
EVENTS_OF_A_TRY = 3
LOOKS_OF_A_LONG_LIFE = 365 + LOOKS_AT_A_LONG_STOP
EVENTS_OF_A_LOOK = 5 + 2 + 6  # Launch, Wait, and CheckDeadline with its evaluation that fails


@pytest.fixture
def states() -> Iterator[Any]:
    with mock_aws():
        yield client("stepfunctions")


def a_machine(states: Any, definition: str = DEFINITION) -> str:
    made = states.create_state_machine(name="tapit-test-lifecycle", definition=definition, roleArn=ROLE)
    arn: str = made["stateMachineArn"]
    return arn


def a_lifecycle(states: Any, machine: str | None, clock: SetClock) -> StepFunctionsLifecycle:
    return StepFunctionsLifecycle(states, machine, clock, launch=lambda _: None)


def names(states: Any, machine: str) -> list[str]:
    return sorted(each["name"] for each in states.list_executions(stateMachineArn=machine)["executions"])


def running(states: Any, machine: str) -> list[str]:
    found = states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
    return [each["name"] for each in found]


def end_all(states: Any, machine: str) -> None:
    for name in running(states, machine):
        states.stop_execution(executionArn=f"{machine.replace(':stateMachine:', ':execution:')}:{name}")


def test_a_lifecycle_is_begun_once(states: Any, clock: SetClock) -> None:
    machine = a_machine(states)
    lifecycle = a_lifecycle(states, machine, clock)

    for _ in range(3):
        lifecycle.begin(a_task())

    assert names(states, machine) == [TASK_ID]


def test_one_that_died_has_a_successor_at_once(states: Any, clock: SetClock) -> None:
    machine = a_machine(states)
    lifecycle = a_lifecycle(states, machine, clock)
    lifecycle.begin(a_task())
    end_all(states, machine)

    lifecycle.begin(a_task())

    assert running(states, machine) == [f"{TASK_ID}-1"]


def test_however_often_it_is_begun_one_runs_at_a_time(states: Any) -> None:
    """A sweep asks every minute; here each fourth time. The first one dies, and some of its successors do."""
    machine, clock = a_machine(states), SetClock(datetime.now(UTC))
    lifecycle = a_lifecycle(states, machine, clock)
    alive = []

    for minute in range(0, 14 * 60, 4):
        clock.time += timedelta(minutes=4)
        lifecycle.begin(a_task())
        alive.append(len(running(states, machine)))
        if minute in (0, 300, 500):
            end_all(states, machine)

    assert set(alive) == {1}
    assert names(states, machine) == [TASK_ID, *(f"{TASK_ID}-{number}" for number in (1, 2, 3))]


@pytest.mark.parametrize(("minutes", "begun"), [(9, 2), (11, 3)])
def test_successors_are_ten_minutes_apart_at_least(states: Any, minutes: int, begun: int) -> None:
    """A machine that cannot work is not started for every task every minute."""
    machine, clock = a_machine(states), SetClock(datetime.now(UTC))
    lifecycle = a_lifecycle(states, machine, clock)
    for _ in range(2):
        lifecycle.begin(a_task())
        end_all(states, machine)

    clock.time += timedelta(minutes=minutes)
    lifecycle.begin(a_task())

    assert len(names(states, machine)) == begun


def test_one_that_runs_with_another_input_goes_on(states: Any, clock: SetClock) -> None:
    machine = a_machine(states)
    states.start_execution(stateMachineArn=machine, name=TASK_ID, input='{"task_id": "x", "of": "before"}')

    a_lifecycle(states, machine, clock).begin(a_task())

    assert names(states, machine) == [TASK_ID]


def test_a_machine_that_is_not_there_can_be_asked_again(states: Any, clock: SetClock) -> None:
    missing = a_machine(states) + "-gone"

    with pytest.raises(Unanswered, match=TASK_ID):
        a_lifecycle(states, missing, clock).begin(a_task())


def test_a_function_that_is_told_no_machine_names_the_setting(states: Any, clock: SetClock) -> None:
    with pytest.raises(Misconfigured, match="STATE_MACHINE_ARN is missing"):
        a_lifecycle(states, None, clock).begin(a_task())


def test_every_step_is_tried_again_and_no_error_is_left_out() -> None:
    machine = json.loads(DEFINITION)
    steps = [state for state in machine["States"].values() if state["Type"] == "Task"]

    assert [step["Retry"][-1]["ErrorEquals"] for step in steps] == [["States.ALL"], ["States.ALL"]]
    retries = [retry for step in steps for retry in step["Retry"] if retry["MaxAttempts"]]
    assert all(retry["JitterStrategy"] == "FULL" for retry in retries)


def test_the_longest_wait_for_room_fits_into_one_execution() -> None:
    """Its attempts are enough for the longest queue_timeout, and their events leave room for a long life."""
    retry = json.loads(DEFINITION)["States"]["Launch"]["Retry"][0]
    longest = [
        min(retry["MaxDelaySeconds"], retry["IntervalSeconds"] * retry["BackoffRate"] ** min(attempt, 10))
        for attempt in range(retry["MaxAttempts"])
    ]
    mean, deviation = sum(longest) / 2, sqrt(sum(delay**2 for delay in longest) / 12)

    assert mean - 6 * deviation > LONGEST_QUEUE
    assert len(longest) * EVENTS_OF_A_TRY + LOOKS_OF_A_LONG_LIFE * EVENTS_OF_A_LOOK < EVENTS_OF_AN_EXECUTION


class Life:
    """The steps of one task: refused twice, then launched, and over at the second look."""

    def __init__(self) -> None:
        self.tried: list[bool] = []
        self.wakes: list[datetime] = []
        self.looks: list[datetime] = []
        self._refusals: list[Exception] = [
            Unanswered("AWS is busy"),
            RefusedForNow("Capacity is unavailable"),
        ]

    def launch(self, event: dict[str, Any]) -> dict[str, Any]:
        self.tried.append(lifecycle_steps.was_tried(event))
        if self._refusals:
            raise self._refusals.pop()
        self.wakes.append(datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3))
        return lifecycle_steps.answer(lifecycle_steps.parse(event), self.wakes[-1])

    def check_deadline(self, event: dict[str, Any]) -> dict[str, Any]:
        self.looks.append(datetime.now(UTC))
        next_wake = datetime.now(UTC) + timedelta(days=1) if len(self.looks) == 1 else None
        return lifecycle_steps.answer(lifecycle_steps.parse(event), next_wake)


class OverAtOnce:
    """A task that is removed before it is launched."""

    def launch(self, event: dict[str, Any]) -> dict[str, Any]:
        return lifecycle_steps.answer(lifecycle_steps.parse(event), None)

    check_deadline = launch


@pytest.mark.slow
def test_a_life_goes_from_launch_to_its_end_with_refusals_and_waits_between(
    monkeypatch: pytest.MonkeyPatch, clock: SetClock
) -> None:
    life = Life()

    execution, entered = lived(life, monkeypatch, clock)

    assert execution["status"] == "SUCCEEDED", execution
    assert json.loads(execution["output"]) == {"task_id": TASK_ID, "done": True, "next_wake": None}
    assert entered == ["Launch", "Wait", "CheckDeadline"] * 2
    assert life.tried == [False, True, True, False]  # the last one when it was not over at the first look
    # The interpreter may wake up to a second early, and late on a busy machine; what is put off, is by a minute.
    late = [(look - wake).total_seconds() for look, wake in zip(life.looks, life.wakes, strict=True)]
    assert all(-1 <= seconds <= 20 for seconds in late), late


@pytest.mark.slow
def test_a_life_that_is_over_before_it_began_ends_at_once(
    monkeypatch: pytest.MonkeyPatch, clock: SetClock
) -> None:
    execution, entered = lived(OverAtOnce(), monkeypatch, clock)

    assert (execution["status"], entered) == ("SUCCEEDED", ["Launch", "Wait", "CheckDeadline"])


def lived(steps: Any, monkeypatch: pytest.MonkeyPatch, clock: SetClock) -> tuple[dict[str, Any], list[str]]:
    """Return the execution at its end, and the states that it entered."""
    functions = {"launch": steps.launch, "check-deadline": steps.check_deadline}
    with lambda_endpoint(functions) as url, interpreted():
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", url)
        monkeypatch.setattr(jsonata, "_eval_jsonata", evaluated)
        states = client("stepfunctions")
        machine = a_machine(states, deployed())
        a_lifecycle(states, machine, clock).begin(a_task())
        execution = finished(states, machine)
        history = states.get_execution_history(executionArn=execution["executionArn"])["events"]
    entered = [
        event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event
    ]
    return execution, entered


def evaluated(expression: str) -> Any:
    """Moto leaves JSONata to a Java library that it does not bring along."""
    return Jsonata.jsonata(expression).evaluate(None)


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
