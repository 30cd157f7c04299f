"""Values with dull defaults; a test names only what it is about."""

from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.app import App
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.status import Status
from chalicelib.domain.task import (
    Change,
    StopCause,
    Task,
    accept_launch,
    begin_attempt,
    observe,
    request_stop,
)

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ARN = "arn:aws:ecs:eu-west-1:123456789012:task/prod/8f0b2a9c1d3e4f5a6b7c8d9e0f1a2b3c"
TASK_ID = "1jd3m8k7x2qf"
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
