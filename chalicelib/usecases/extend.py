"""Change the time limit of a task that is not over."""

from chalicelib.domain.task import Task, set_max_hours
from chalicelib.ports import Services
from chalicelib.usecases.change import change_task


def extend_task(services: Services, task_id: str, max_hours: float | None) -> Task:
    """Set max_hours (None: no limit), counted from the task's start; the app's limits hold here too."""
    task = services.tasks.get(task_id)
    services.apps.get(task.app).refuse_beyond_limits(task.size, max_hours)
    now = services.clock.now()
    task = change_task(services.tasks, task_id, lambda task: set_max_hours(task, max_hours, now))
    services.lifecycle.limit_changed(task)
    return task
