"""Stop a task because a user asked for it."""

from chalicelib.domain.status import Status
from chalicelib.domain.task import StopCause, Task, request_stop
from chalicelib.ports import Services
from chalicelib.usecases.change import change_task


def stop_task(services: Services, task_id: str, by: str) -> Task:
    """Idempotent: a task that is over stays as it is, and the first cause of a stop wins."""
    now = services.clock.now()
    cause = StopCause(kind="user", by=by)
    task = change_task(services.tasks, task_id, lambda task: request_stop(task, cause, now))
    if task.status is Status.STOPPING and task.ecs_arn is not None:
        services.cluster.stop(task, f"stopped by {by}")
    return task
