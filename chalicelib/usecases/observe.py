"""Fold what was seen of a container into its task's record."""

from chalicelib.domain.errors import TaskNotFound
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.task import Task, observe
from chalicelib.ports import Services
from chalicelib.usecases.change import change_task


def record_sighting(services: Services, task_id: str, seen: Sighting) -> Task | None:
    """Return the task as it is now; None for a container that no record knows (any more)."""
    now = services.clock.now()
    try:
        return change_task(services.tasks, task_id, lambda task: observe(task, seen, now))
    except TaskNotFound:
        return None
