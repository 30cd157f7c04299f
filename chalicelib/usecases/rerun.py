"""Create a task that is like an earlier one, also where its saved command is gone, or another one by now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.domain.new_task import NewTask
from chalicelib.domain.task import Task
from chalicelib.ports import IdempotencyKey, Services
from chalicelib.usecases.create import accept, write_task


def rerun_task(
    services: Services, task_id: str, given: Mapping[str, Any], *, created_by: str, key: IdempotencyKey | None
) -> tuple[Task, Sequence[str]]:
    """Return the new task and notes for the caller; what is `given` goes before what the earlier one was told."""

    def make(now: datetime) -> tuple[Task, list[str]]:
        before = services.tasks.get(task_id)
        app = services.apps.get(before.app)
        wanted = NewTask.like(before).overridden_by(given)
        task, notes = write_task(services, app, wanted, created_by, key, now)
        return task, [*_about_terminals(before), *_about_what_was_not_there(before, given), *notes]

    return accept(services, key, make)


def _about_terminals(before: Task) -> list[str]:
    if not before.attached:
        return []
    return [
        f"Task {before.id} ran at its creator's terminal; this one runs without any, and its output is kept."
    ]


def _about_what_was_not_there(before: Task, given: Mapping[str, Any]) -> list[str]:
    there = {"environment": ("variable", before.environment), "tags": ("tag", before.tags)}
    return [
        f"Task {before.id} has no {what} {name}; nothing was taken away."
        for field, (what, had) in there.items()
        for name, value in (given.get(field) or {}).items()
        if value is None and name not in had
    ]
