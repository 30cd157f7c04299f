"""Find a task by its id; wait for news of it where the home can."""

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
