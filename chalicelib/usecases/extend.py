"""Change the time limit of a task that is not over."""

from chalicelib.domain.audit import Entry, What
from chalicelib.domain.task import Task, set_max_hours
from chalicelib.ports import Services
from chalicelib.usecases.change import change_task


def extend_task(services: Services, task_id: str, max_hours: float | None, by: str) -> Task:
    """Set max_hours (None: no limit), counted from the task's start; the app's limits hold here too."""
    task = services.tasks.get(task_id)
    if not _is_shorter(task, max_hours):
        services.apps.get(task.app).refuse_hours_beyond_limit(max_hours)
    now = services.clock.now()

    def audit(before: Task, _after: Task) -> Entry:
        details = {"max_hours": max_hours, "was": before.max_hours}
        return Entry.of(What.TASK_EXTENDED, task_id, app=before.app, by=by, at=now, details=details)

    task = change_task(services, task_id, lambda task: set_max_hours(task, max_hours, now), audit)
    services.lifecycle.limit_changed(task)
    return task


def _is_shorter(task: Task, max_hours: float | None) -> bool:
    """A task may always be given less, whatever its app allows by now."""
    return max_hours is not None and (task.max_hours is None or max_hours <= task.max_hours)
