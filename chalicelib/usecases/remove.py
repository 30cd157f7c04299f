"""Remove a finished task from the list."""

from chalicelib.domain.audit import Entry, What
from chalicelib.domain.task import refuse_unless_final
from chalicelib.ports import Services


def remove_task(services: Services, task_id: str, by: str) -> None:
    """Raise TaskNotFinished for a task that could still do something."""
    task = services.tasks.get(task_id)
    refuse_unless_final(task)
    kept = {"status": task.status, "created_by": task.created_by}  # its record tells nobody any more
    entry = Entry.of(What.TASK_DELETED, task_id, app=task.app, by=by, at=services.clock.now(), details=kept)
    services.tasks.remove(task, entry)
    services.cluster.forget(task)
