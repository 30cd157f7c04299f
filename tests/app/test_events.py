"""ECS's own events move tasks, whatever order and however often they come."""

import itertools
from typing import Any

import pytest

import app as triggers
from chalicelib.domain.task import Task, accept_launch, begin_attempt
from chalicelib.ecs_events import started_by
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
    full = {"taskArn": ARN, "startedBy": started_by("prod", task_id), **detail}
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


@pytest.mark.parametrize("started", ["ecs-svc/1", "tapit-prod/0000000zzzzz", ""])
def test_an_event_for_nobody_is_dropped(inside: HomeInProcess, task: Task, started: str) -> None:
    hear(task.id, {**STOPPED, "startedBy": started})

    assert inside.record(task.id) == task
