"""Stop a task because a user asked for it."""

from chalicelib.domain.audit import Entry, What
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.status import Status
from chalicelib.domain.stop_cause import StopCause
from chalicelib.domain.task import Task, request_stop
from chalicelib.ports import Services
from chalicelib.usecases.change import change_task


def stop_task(services: Services, task_id: str, by: str) -> Task:
    """Idempotent: a task that is over stays as it is, and the first cause of a stop wins."""
    now = services.clock.now()
    cause = StopCause(kind="user", by=by)

    def audit(before: Task, _after: Task) -> Entry:
        return Entry.of(
            What.TASK_STOPPED, task_id, app=before.app, by=by, at=now, details={"was": before.status}
        )

    try:
        task = change_task(services, task_id, lambda task: request_stop(task, cause, now), audit)
    except Unavailable as trouble:
        _stop_regardless(services, task_id, by, trouble)
        raise
    if task.status is Status.STOPPING and task.ecs_arn is not None:
        services.cluster.stop(task, f"stopped by {by}")
    return task


def _stop_regardless(services: Services, task_id: str, by: str, trouble: Unavailable) -> None:
    """What cannot be written down, for want of room say, can be done all the same: the task may be what fills it up.

    Not so with one that has not started: its record alone could keep it from that.
    """
    task = services.tasks.get(task_id)
    if task.is_final:
        return
    if task.ecs_arn is None:
        raise _not_stopped(task_id, trouble) from trouble
    services.cluster.stop(task, f"stopped by {by}")
    problem = f"Task {task_id} was told to stop, but that could not be written down. {trouble}"
    raise Unavailable(problem, trouble.hint) from trouble


def _not_stopped(task_id: str, trouble: Unavailable) -> Unavailable:
    problem = f"Task {task_id} has not started, and is not stopped: it may start later. {trouble}"
    mending = f"{trouble.hint} Then stop" if trouble.hint else "Stop"
    return Unavailable(problem, f"{mending} it again: tapit stop task={task_id}")
