"""Fold what was seen of a container into its task's record."""

from chalicelib.domain.errors import TaskNotFound
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.task import Task, is_stray, observe, why_stray
from chalicelib.ports import Services
from chalicelib.usecases.change import change_task


def record_sighting(services: Services, task_id: str, seen: Sighting) -> Task | None:
    """Return the task as it is now; None for a container that no record knows (any more).

    A container that no record watches is stopped, for nobody would keep its time limit. May raise Unavailable.
    """
    now = services.clock.now()
    try:
        task = change_task(services, task_id, lambda task: observe(task, seen, now))
    except TaskNotFound:  # removed: a record is there before anything is started for it
        if seen.runs_on:
            services.cluster.stop_stray(seen.arn, f"tapit: there is no task {task_id} any more")
        return None
    if is_stray(task, seen):
        services.cluster.stop_stray(seen.arn, f"tapit: {why_stray(task)}")
    return task
