"""ECS's own events move tasks, whatever order and however often they come."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import app as triggers
from chalicelib.domain.task import Task, accept_launch, begin_attempt
from chalicelib.ecs_events import started_by
from chalicelib.wiring import running_on
from local.runs.ecs_tasks import STAGE
from tests.builders import ARN, NOON
from tests.home_in_process import HomeInProcess

AT = "2026-11-24T12:00:00Z"
STARTING = {"version": 1, "lastStatus": "PENDING"}
RUNNING = {"version": 2, "lastStatus": "RUNNING", "startedAt": AT}
STOPPED = {
    "version": 3,
    "lastStatus": "STOPPED",
    "startedAt": AT,
    "stoppedAt": AT,
    "stopCode": "EssentialContainerExited",
    "containers": [{"name": "main", "exitCode": 3}],
}


@pytest.fixture
def task(inside: HomeInProcess) -> Task:
    """A task whose launch was accepted."""
    record = inside.record(inside.new_task(inside.new_app())["id"])
    asked = inside.services.tasks.save(begin_attempt(record, {}, NOON))
    return inside.services.tasks.save(accept_launch(asked, ARN, NOON))


def hear(task_id: str, detail: dict[str, Any]) -> None:
    """Hand an event to the function that EventBridge calls."""
    full = {"taskArn": ARN, "startedBy": started_by(STAGE, task_id, 1), **detail}
    event = {
        "version": "0",
        "id": "e",
        "detail-type": "ECS Task State Change",
        "source": "aws.ecs",
        "account": "1",
        "time": AT,
        "region": "eu-west-1",
        "resources": [ARN],
        "detail": full,
    }
    triggers.on_ecs_event(event, None)


def test_a_task_starts_and_fails(inside: HomeInProcess, task: Task) -> None:
    for detail in (STARTING, RUNNING, STOPPED):
        hear(task.id, detail)

    shown = inside.ask("GET", f"/tasks/{task.id}").json
    assert (shown["status"], shown["exit_code"], shown["started_at"]) == (
        "FAILED",
        3,
        "2026-11-24T12:00:00.000Z",
    )
    assert [line["status"] for line in shown["history"]] == ["PENDING", "STARTING", "RUNNING", "FAILED"]
    assert shown["diagnosis"]["what"] == "The command failed with exit code 3."


@pytest.mark.parametrize("details", list(itertools.permutations([STARTING, RUNNING, STOPPED])))
def test_in_any_order_the_end_is_the_same(inside: HomeInProcess, task: Task, details: Any) -> None:
    for detail in details:
        hear(task.id, detail)

    shown = inside.ask("GET", f"/tasks/{task.id}").json
    assert (shown["status"], shown["exit_code"]) == ("FAILED", 3)


def test_an_event_that_comes_twice_writes_once(inside: HomeInProcess, task: Task) -> None:
    hear(task.id, STOPPED)
    written = inside.record(task.id)

    hear(task.id, STOPPED)

    assert inside.record(task.id) == written


@pytest.mark.parametrize("started", ["ecs-svc/1", started_by(STAGE, "0000000zzzzz", 1), ""])
def test_an_event_for_nobody_is_dropped(inside: HomeInProcess, task: Task, started: str) -> None:
    hear(task.id, {**STOPPED, "startedBy": started})

    assert inside.record(task.id) == task


class Stops:
    """Remembers what is stopped of what no record watches."""

    def __init__(self) -> None:
        self.stopped: list[str] = []

    def stop_stray(self, arn: str, reason: str) -> None:  # noqa: ARG002 - the port's shape
        self.stopped.append(arn)


@pytest.mark.parametrize(("stage", "is_ours"), [(STAGE, True), ("another", False), (f"{STAGE}-2", False)])
def test_a_container_of_another_stage_is_none_of_ours(
    inside: HomeInProcess,
    stage: str,
    is_ours: bool,  # noqa: FBT001
) -> None:
    """Here no record knows it, in its own stage there is one."""
    cluster: Any = Stops()
    with running_on(replace(inside.services, cluster=cluster)):
        hear("0000000zzzzz", {**RUNNING, "startedBy": started_by(stage, "0000000zzzzz", 1)})

    assert cluster.stopped == ([ARN] if is_ours else [])


FAILED = {
    "version": 5,
    "lastStatus": "STOPPED",
    "stoppedAt": AT,
    "stopCode": "TaskFailedToStart",
    "stoppedReason": "Timeout waiting for network interface provisioning to complete.",
    "containers": [{"name": "main"}],
}


def test_a_container_that_failed_to_start_is_followed_by_another(inside: HomeInProcess, task: Task) -> None:
    assert task.launch is not None
    inside.services.tasks.save(task.but(launch=task.launch.but(until=NOON + timedelta(days=3650))))

    hear(task.id, FAILED)

    shown = inside.ask("GET", f"/tasks/{task.id}").json
    assert (shown["status"], shown["waiting_for"]) == (
        "STARTING",
        f"another attempt: {FAILED['stoppedReason']}",
    )
    assert shown["history"][-1]["why"] == f"attempt 1 did not start: {FAILED['stoppedReason']}"
