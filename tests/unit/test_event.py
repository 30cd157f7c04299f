"""Which saved changes are news, and what is told of them."""

import json
from datetime import timedelta

import pytest

from chalicelib.domain.event import EVENT, TaskEvent, cut_to, read_event
from chalicelib.domain.status import Status
from chalicelib.domain.task import Change, Task, begin_attempt, observe, set_max_hours
from tests.builders import NOON, a_finished_task, a_running_task, a_sighting, a_task, an_end


def _saved(task: Task) -> Task:
    """As a store saves it."""
    return task.but(revision=task.revision + 1)


def test_a_new_task_is_news() -> None:
    event = TaskEvent.of(a_task())

    assert event is not None
    assert (event.previous_status, event.status, event.revision) == (None, Status.PENDING, 1)
    assert event.id == f"{event.task_id}-1"


def test_a_saved_change_of_status_is_news_and_names_both() -> None:
    starting = _saved(begin_attempt(a_task(), {}, NOON))
    running = _saved(observe(starting, a_sighting(version=2, started_at=NOON), NOON))

    event = TaskEvent.of(running)

    assert event is not None
    assert (event.previous_status, event.status, event.revision) == (Status.STARTING, Status.RUNNING, 3)
    assert event.task.status is Status.RUNNING


def test_any_other_change_is_no_news() -> None:
    running = _saved(a_running_task())

    assert TaskEvent.of(running) is not None
    assert TaskEvent.of(_saved(set_max_hours(running, 5, NOON + timedelta(minutes=1)))) is None


def test_what_was_passed_over_before_a_save_is_no_news() -> None:
    """A fast task: between two saves it began and ended."""
    starting = _saved(begin_attempt(a_task(), {}, NOON))
    running = observe(starting, a_sighting(version=2, started_at=NOON), NOON)
    ended = _saved(observe(running, an_end(version=3), NOON))

    event = TaskEvent.of(ended)

    assert event is not None
    assert (event.previous_status, event.status) == (Status.STARTING, Status.SUCCEEDED)


def test_another_attempt_in_the_same_status_is_no_news() -> None:
    starting = _saved(begin_attempt(a_task(), {}, NOON))

    assert TaskEvent.of(_saved(starting.moved(Status.STARTING, NOON, why="another attempt"))) is None


def test_an_event_shows_no_value_of_the_environment_and_no_endless_command() -> None:
    task = a_finished_task(command="x" * 5000, environment={"KEY": "hush"})

    event = TaskEvent.of(_saved(task))

    assert event is not None
    assert event.task.environment == ["KEY"]
    assert event.task.command == "x" * 1000
    assert "hush" not in event.model_dump_json()


def test_what_is_written_is_read_again() -> None:
    event = TaskEvent.of(_saved(a_finished_task()))

    assert event is not None
    assert EVENT.validate_json(event.model_dump_json()).model_dump_json() == event.model_dump_json()


def test_an_event_of_a_version_that_knew_fewer_fields_is_read() -> None:
    """They are kept for seven days, so what is added to a task has a default."""
    fields = [
        "id",
        "app",
        "command",
        "image",
        "docker_tag",
        "cpu",
        "memory",
        "ephemeral_storage_gb",
        "max_hours",
        "environment",
        "workdir",
        "initiated_by",
        "created_by",
        "interactive",
        "attached",
        "status",
        "created_at",
        "started_at",
        "stopped_at",
        "deadline",
        "expires_at",
        "exit_code",
        "stop_cause",
        "ended_by",
        "reason",
        "waiting_for",
        "diagnosis",
        "history",
        "sessions",
        "cost",
        "revision",
    ]
    event = TaskEvent.of(a_task())
    assert event is not None
    written = event.model_dump(mode="json")

    old = {**written, "task": {name: written["task"][name] for name in fields}}

    read = read_event(json.dumps(old), "old")
    assert isinstance(read, TaskEvent)
    assert read.task.id == event.task_id


def test_an_event_that_fits_is_told_whole() -> None:
    event = TaskEvent.of(a_task())
    assert event is not None

    text = cut_to(event, 10_000)

    assert (text, event.truncated) == (event.model_dump_json(), False)


@pytest.mark.parametrize(("most", "environment"), [(5_000, 200), (1_200, 0)], ids=["history", "environment"])
def test_an_event_that_does_not_fit_says_that_something_is_left_out(most: int, environment: int) -> None:
    lines = [Change(status=Status.STARTING, time=NOON, why="no room " * 50) for _ in range(20)]
    event = TaskEvent.of(a_task(environment={f"NAME_{n}": "x" for n in range(200)}, history=lines))
    assert event is not None

    told = read_event(cut_to(event, most), event.id)

    assert isinstance(told, TaskEvent)
    assert told.truncated
    assert (told.task.history, len(told.task.environment)) == ([], environment)
    assert (told.id, told.status, told.task.command) == (event.id, event.status, "true")
