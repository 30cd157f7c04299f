"""What the state machine of a task's lifecycle hands to its steps, and what it goes on with.

The machine is .chalice/lifecycle.asl.json; it retries a step by the name of the error that was raised. An execution
goes on with the machine that it began with, and with the functions of today: what is handed on may grow, not change.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class _Input(BaseModel):
    """A step gets the task's id, whatever else comes with it; a launch how often it was tried before."""

    model_config = ConfigDict(extra="ignore")

    task_id: str
    tries: int = 0


def parse(event: Mapping[str, Any]) -> str:
    """Return the id of the task that a step is about."""
    return _Input.model_validate(event).task_id


def was_tried(event: Mapping[str, Any]) -> bool:
    """Say whether this launch has been begun before, though nothing may be written down of it."""
    return _Input.model_validate(event).tries > 0


def answer(task_id: str, next_wake: datetime | None) -> dict[str, Any]:
    """Say when to look next, as a Wait state reads it; None: the task is over."""
    wake = next_wake.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if next_wake else None
    return {"task_id": task_id, "done": next_wake is None, "next_wake": wake}
