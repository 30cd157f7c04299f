"""Find a task by its id; wait for news of it where the home can."""

from collections.abc import Sequence

from chalicelib.domain.errors import TaskNotFound, Unreadable
from chalicelib.domain.retry import MOST_RETRIES
from chalicelib.domain.task import Task
from chalicelib.ports import Services


def show_task(services: Services, task_id: str, *, known_revision: int, wait: float) -> Task:
    """Return the task; with `wait`, once its revision is above the known one, at the latest after that many seconds."""
    deadline = services.clock.monotonic() + wait
    with services.changes.watch(task_id) as watch:
        while True:
            task = services.tasks.get(task_id)
            left = deadline - services.clock.monotonic()
            if task.revision > known_revision or not watch.wait(left):
                return task


def later_tries(services: Services, task: Task) -> Sequence[Task]:
    """Return what a task was tried again as, one after the other, as far as that is still on record."""
    later: list[Task] = []
    while task.retried_by is not None and len(later) < MOST_RETRIES:
        try:
            task = services.tasks.get(task.retried_by)
        except (TaskNotFound, Unreadable):
            break
        later.append(task)
    return later
