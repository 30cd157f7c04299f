"""Tasks that are tried again, over HTTP: how they are asked for, linked, and shown."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.task import Task, accept_launch, begin_attempt, observe
from chalicelib.usecases.change import change_task
from chalicelib.usecases.launch import begin_life, launch_task
from tests.builders import ARN, a_sighting
from tests.home_in_process import HomeInProcess


@pytest.fixture
def app(inside: HomeInProcess) -> str:
    return inside.new_app()


def get(inside: HomeInProcess, path: str) -> Any:
    answer = inside.ask("GET", path)
    assert answer.status == 200, answer.text
    return answer.json


def ends(inside: HomeInProcess, task_id: str, **end: Any) -> Task:
    """Let a task run and end, as if it had been started."""
    now = inside.services.clock.now()
    started, stopped = now - timedelta(minutes=1), now

    def run(task: Task) -> Task:
        running = accept_launch(begin_attempt(task, {}, now), ARN, now)
        seen = {"version": 3, "is_stopped": True, "started_at": started, "stopped_at": stopped, **end}
        return observe(running, a_sighting(**{"stop_code": "EssentialContainerExited", **seen}), now)

    return change_task(inside.services, task_id, run)


def test_what_is_asked_of_tries_is_shown(inside: HomeInProcess, app: str) -> None:
    task = inside.new_task(app, retries=2, retry_on=["exit:75", "lost"], retry_wait=1.5)

    assert (task["retries"], task["retry_on"], task["retry_wait"]) == (2, ["exit:75", "lost"], 1.5)
    assert (task["try_number"], task["retry_of"], task["retried_by"]) == (1, None, None)


def test_by_default_it_is_tried_again_after_what_was_not_the_commands_fault(
    inside: HomeInProcess, app: str
) -> None:
    task = inside.new_task(app, retries=1)

    assert (task["retry_on"], task["retry_wait"]) == (["infrastructure", "spot"], 30)


def test_a_task_without_retries_has_no_tries(inside: HomeInProcess, app: str) -> None:
    task = inside.new_task(app)

    assert (task["retries"], task["retry_on"], task["tries"]) == (0, [], [])


def test_each_try_is_a_task_of_its_own_and_all_are_told_of_by_any(inside: HomeInProcess, app: str) -> None:
    first = inside.new_task(app, retries=2, retry_on=["exit:75", "spot"], environment={"A": "1"})["id"]
    second = ends(inside, first, exit_code=75).retried_by
    assert second is not None
    third = ends(inside, second, stop_code="SpotInterruption").retried_by
    assert third is not None
    ends(inside, third, exit_code=0)

    tries = [
        {"id": first, "number": 1, "status": "FAILED", "exit_code": 75},
        {"id": second, "number": 2, "status": "FAILED", "exit_code": None},
        {"id": third, "number": 3, "status": "SUCCEEDED", "exit_code": 0},
    ]
    for task_id in (first, second, third):
        assert get(inside, f"/tasks/{task_id}")["tries"] == tries
    last = get(inside, f"/tasks/{third}")
    assert (last["try_number"], last["retry_of"], last["created_by"]) == (3, second, "alice")
    assert last["environment"] == ["A"]
    assert last["history"][0]["why"] == f"attempt 3 of 3, retry of {second}"
    listed = get(inside, f"/apps/{app}/tasks")["items"]
    assert [(each["id"], each["try_number"], each["retried_by"]) for each in listed] == [
        (third, 3, None),
        (second, 2, third),
        (first, 1, second),
    ]
    assert get(inside, f"/tasks/{first}/logs")["retried_by"] == second


def test_events_tell_the_number_of_the_try(inside: HomeInProcess, app: str) -> None:
    first = inside.new_task(app, retries=1, retry_on=["exit:75"])["id"]
    second = ends(inside, first, exit_code=75).retried_by

    told = [
        event["task"]
        for event in get(inside, f"/apps/{app}/events?limit=10&since=2020-01-01T00:00:00Z")["items"]
    ]

    assert [(each["id"], each["status"], each["try_number"]) for each in told] == [
        (first, "PENDING", 1),
        (first, "FAILED", 1),
        (second, "PENDING", 2),
    ]
    assert (told[1]["retried_by"], told[2]["retry_of"]) == (second, first)


def test_a_try_that_was_removed_is_told_of_by_the_later_ones_alone(inside: HomeInProcess, app: str) -> None:
    first = inside.new_task(app, retries=2, retry_on=["exit:75"])["id"]
    second = ends(inside, first, exit_code=75).retried_by
    assert second is not None
    third = ends(inside, second, exit_code=75).retried_by
    assert inside.ask("DELETE", f"/tasks/{second}").status == 200

    assert [each["id"] for each in get(inside, f"/tasks/{first}")["tries"]] == [first]
    assert [each["id"] for each in get(inside, f"/tasks/{third}")["tries"]] == [first, second, third]


def test_a_next_try_is_not_launched_before_its_time(inside: HomeInProcess, app: str) -> None:
    first = inside.new_task(app, retries=1, retry_on=["exit:75"], retry_wait=600)["id"]
    second = ends(inside, first, exit_code=75).retried_by
    assert second is not None

    assert launch_task(inside.services, second).status == "PENDING"

    shown = get(inside, f"/tasks/{second}")
    assert shown["waiting_for"] == f"the 10m between two tries, until {shown['not_before']}"
    wake = begin_life(inside.services, second)
    due = inside.record(second).not_before
    assert wake is not None
    assert due is not None
    assert due <= wake < due + timedelta(seconds=1)


def test_stopping_a_try_that_waits_ends_all_of_it(inside: HomeInProcess, app: str) -> None:
    first = inside.new_task(app, retries=5, retry_on=["exit:75"])["id"]
    second = ends(inside, first, exit_code=75).retried_by

    stopped = inside.ask("POST", f"/tasks/{second}/stop").json

    assert (stopped["status"], stopped["retried_by"]) == ("STOPPED", None)
    assert len(get(inside, f"/apps/{app}/tasks")["items"]) == 2


def test_a_next_try_is_not_refused_where_no_more_may_run(inside: HomeInProcess) -> None:
    app = inside.new_app(limits={"max_running": 1})
    first = inside.new_task(app, retries=1, retry_on=["exit:75"])["id"]

    assert ends(inside, first, exit_code=75).retried_by is not None
    assert inside.ask("POST", f"/apps/{app}/tasks", {"command": "true"}).json["Code"] == "LimitExceeded"


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        ({"retries": 11}, "retries", "10"),
        ({"retries": -1}, "retries", "0"),
        ({"retries": 1, "retry_on": ["exit:0"]}, "retry_on.0", "exit:N or exit:N-M"),
        ({"retries": 1, "retry_on": ["tuesday"]}, "retry_on.0", "infrastructure, spot, lost"),
        ({"retries": 1, "retry_on": []}, "retry_on", "1"),
        ({"retries": 1, "retry_wait": 3601}, "retry_wait", "3600"),
        ({"retry_on": ["spot"]}, "retry_on", "with retries="),
        ({"retry_wait": 5}, "retry_wait", "with retries="),
        ({"retries": 1, "attached": True}, "retries", "terminal"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(
    inside: HomeInProcess, app: str, asked: dict[str, Any], field: str, said: str
) -> None:
    answer = inside.ask("POST", f"/apps/{app}/tasks", {"command": "true", **asked})

    assert (answer.status, answer.json["Code"]) == (400, "InvalidRequest")
    assert said in answer.json["Fields"][field]


def test_no_retries_can_be_said_of_what_names_reasons(inside: HomeInProcess, app: str) -> None:
    assert inside.new_task(app, retries=0, retry_on=["spot"])["retries"] == 0
