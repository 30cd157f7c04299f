"""Read, change, save; again when somebody else was faster. The one room for concurrency."""

from collections.abc import Callable
from contextlib import suppress

from chalicelib.domain.errors import Stale
from chalicelib.domain.task import Task
from chalicelib.ports import TaskStore

ATTEMPTS = 20


def change_task(tasks: TaskStore, task_id: str, change: Callable[[Task], Task]) -> Task:
    """Apply a pure change to the newest record and return what is saved; raise Stale after too many tries."""
    for _ in range(ATTEMPTS):
        before = tasks.get(task_id)
        after = change(before)
        if after == before:
            return before
        with suppress(Stale):
            return tasks.save(after)
    raise Stale(f"Task {task_id}")
