"""Values with dull defaults; a test names only what it is about."""

from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.app import App
from chalicelib.domain.delivery import Delivery
from chalicelib.domain.event import TaskEvent
from chalicelib.domain.new_task import NewTask
from chalicelib.domain.saved_command import SavedCommand
from chalicelib.domain.schedule import Schedule
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.status import Status
from chalicelib.domain.stop_cause import StopCause
from chalicelib.domain.subscription import Subscription
from chalicelib.domain.task import Change, Task, accept_launch, begin_attempt, observe, request_stop
from chalicelib.ports import Services

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ARN = "arn:aws:ecs:eu-west-1:123456789012:task/prod/8f0b2a9c1d3e4f5a6b7c8d9e0f1a2b3c"
TASK_ID = "1jd3m8k7x2qf"
SUBSCRIPTION_ID = "1jd3m8k7x2qs"
COMMAND_ID = "1jd3m8k7x2qc"
SCHEDULE_ID = "1jd3m8k7x2qt"
BY_ALICE = StopCause(kind="user", by="alice")
BY_DEADLINE = StopCause(kind="deadline")


def an_app(**changes: Any) -> App:
    return App.model_validate({"name": "shop", "created_at": NOON, "created_by": "alice", **changes})


def a_task(**changes: Any) -> Task:
    """A task that was just created."""
    defaults: dict[str, Any] = {
        "id": TASK_ID,
        "app": "shop",
        "command": "true",
        "cpu": 0.25,
        "memory": 0.5,
        "ephemeral_storage_gb": 20,
        "max_hours": 24.0,
        "created_by": "alice",
        "created_at": NOON,
        "history": (Change(status=Status.PENDING, time=NOON),),
    }
    return Task.model_validate({**defaults, **changes})


def a_starting_task(**changes: Any) -> Task:
    """A task whose launch was accepted, and of which nothing was seen yet."""
    return accept_launch(begin_attempt(a_task(**changes), {"driver": "process"}, NOON), ARN, NOON)


def a_running_task(**changes: Any) -> Task:
    """A task that started at noon; it is at version 2."""
    return observe(a_starting_task(**changes), a_sighting(version=2, started_at=NOON), NOON)


def a_stopping_task(cause: StopCause = BY_ALICE, **changes: Any) -> Task:
    return request_stop(a_running_task(**changes), cause, NOON + timedelta(minutes=1))


def a_finished_task(exit_code: int = 0, **changes: Any) -> Task:
    return observe(a_running_task(**changes), an_end(exit_code=exit_code), NOON)


def a_sighting(**changes: Any) -> Sighting:
    return Sighting(**{"version": 2, "arn": ARN, **changes})


def an_end(**changes: Any) -> Sighting:
    """The container is seen stopped by itself, an hour after noon."""
    defaults: dict[str, Any] = {
        "version": 3,
        "is_stopped": True,
        "started_at": NOON,
        "stopped_at": NOON + timedelta(hours=1),
        "stop_code": "EssentialContainerExited",
        "exit_code": 0,
    }
    return a_sighting(**{**defaults, **changes})


def a_start_failure(**changes: Any) -> Sighting:
    """The container is seen to have failed to start, five minutes after noon."""
    defaults: dict[str, Any] = {
        "version": 5,
        "is_stopped": True,
        "stopped_at": NOON + timedelta(minutes=5),
        "stop_code": "TaskFailedToStart",
        "reason": "Timeout waiting for network interface provisioning to complete.",
    }
    return a_sighting(**{**defaults, **changes})


def a_subscription(**changes: Any) -> Subscription:
    defaults: dict[str, Any] = {
        "id": SUBSCRIPTION_ID,
        "app": "shop",
        "name": "hooks",
        "url": "https://hooks.example.org/tapit",
        "created_at": NOON,
        "created_by": "alice",
    }
    return Subscription.model_validate({**defaults, **changes})


def a_command(**changes: Any) -> SavedCommand:
    defaults: dict[str, Any] = {
        "id": COMMAND_ID,
        "app": "shop",
        "name": "migrate",
        "task": NewTask(command="python manage.py migrate"),
        "created_at": NOON,
        "created_by": "alice",
    }
    return SavedCommand.model_validate({**defaults, **changes})


def a_delivery(**changes: Any) -> Delivery:
    """One that was just made, and is due at once."""
    defaults: dict[str, Any] = {
        "subscription_id": SUBSCRIPTION_ID,
        "app": "shop",
        "subscription": "hooks",
        "event_id": f"{TASK_ID}-1",
        "subject": TASK_ID,
        "about": f"task {TASK_ID} PENDING",
        "created_at": NOON,
        "due_at": NOON,
    }
    return Delivery.model_validate({**defaults, **changes})


def an_event(task: Task) -> TaskEvent:
    """The news that a task came to its status, as it is told once that is saved."""
    event = TaskEvent.of(task.but(revision=task.status_revision))
    assert event is not None
    return event


def a_schedule(**changes: Any) -> Schedule:
    """One of every quarter of an hour, due at noon, unless something else says when."""
    defaults: dict[str, Any] = {
        "id": SCHEDULE_ID,
        "app": "shop",
        "name": "nightly",
        "starts_at": NOON - timedelta(minutes=15),
        "task": {"command": "true"},
        "created_at": NOON - timedelta(minutes=15),
        "created_by": "alice",
        "next_run_at": NOON,
        "due_at": NOON,
    }
    when = {} if changes.keys() & {"cron", "at"} else {"every": 900}
    return Schedule.model_validate({**defaults, **when, **changes})


def services_with(**parts: Any) -> Services:
    """Services of which a test uses no others; whoever asks for one of them fails."""
    needed = [field.name for field in fields(Services) if field.default is MISSING]
    return Services(**{**dict.fromkeys(needed), "home": "test", "stage": "test", **parts})
