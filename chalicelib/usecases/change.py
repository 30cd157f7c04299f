"""Read, change, save; again when somebody else was faster. The one room for concurrency."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from chalicelib.domain.app import App
from chalicelib.domain.errors import Stale
from chalicelib.domain.task import Task
from chalicelib.ports import AppStore, TaskStore

ATTEMPTS = 20
Record = TypeVar("Record", Task, App)


def change_task(tasks: TaskStore, task_id: str, change: Callable[[Task], Task]) -> Task:
    """Apply a pure change to the newest record and return what is saved; raise Stale after too many tries."""
    return _change(lambda: tasks.get(task_id), change, tasks.save, f"Task {task_id}")


def change_app(apps: AppStore, name: str, change: Callable[[App], App]) -> App:
    """Apply a pure change to the newest app and return what is saved; raise Stale after too many tries."""
    return _change(lambda: apps.get(name), change, apps.save, f"App {name}")


def _change(
    get: Callable[[], Record], change: Callable[[Record], Record], save: Callable[[Record], Record], what: str
) -> Record:
    for _ in range(ATTEMPTS):
        before = get()
        after = change(before)
        if after == before:
            return before
        with suppress(Stale):
            return save(after)
    raise Stale(what)
