"""Look at a task when its time may be up, and stop it when it is."""

from contextlib import suppress
from datetime import datetime

from chalicelib.domain.errors import TaskNotFound, Unavailable
from chalicelib.domain.status import Status
from chalicelib.domain.stop_cause import StopCause
from chalicelib.domain.task import Task, request_stop
from chalicelib.domain.time_limit import next_wake, overdue
from chalicelib.ports import Services
from chalicelib.usecases.change import change_task
from chalicelib.usecases.observe import record_sighting


def check_deadline(services: Services, task_id: str) -> datetime | None:
    """Return when to look again, or None when the task is over, or removed since."""
    try:
        task = services.tasks.get(task_id)
    except TaskNotFound:
        return None
    if task.is_final:  # as every ordinary task is by then
        return None
    with suppress(Unavailable):  # the limit holds, also while nothing can be seen
        task = _fold_in_what_is_seen(services, task)
    task = stop_if_overdue(services, task)
    return None if task.is_final else next_wake(task, services.clock.now())


def stop_if_overdue(services: Services, task: Task) -> Task:
    """Ask for the end of a task past a limit, and ask again for one that is still stopping."""
    now = services.clock.now()
    if _is_overdue(services, task, now):
        task = change_task(services, task.id, lambda task: _request_stop(task, now))
    if task.status is Status.STOPPING and task.ecs_arn is not None:
        services.cluster.stop(task, f"tapit: {task.history[-1].why}")
    return task


def _is_overdue(services: Services, task: Task, now: datetime) -> bool:
    kind = overdue(task, now)
    return kind == "start_timeout" or (kind == "deadline" and services.cluster.has_run_its_time(task))


def _request_stop(task: Task, now: datetime) -> Task:
    """Decide on the record that is saved: the limit may have been extended since the task was read."""
    kind = overdue(task, now)
    return task if kind is None else request_stop(task, StopCause(kind=kind), now)


def _fold_in_what_is_seen(services: Services, task: Task) -> Task:
    """Events get lost; what the cluster says now decides."""
    if task.ecs_arn is None:
        return task
    seen = services.cluster.look([task]).get(task.id)
    if seen is None:
        return task
    return record_sighting(services, task.id, seen) or task
