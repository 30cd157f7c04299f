"""Launch a task. It may run any number of times: the plan is saved first, and the same plan starts one container."""

from datetime import datetime, timedelta

from chalicelib.domain.app import App
from chalicelib.domain.errors import AppNotFound, CannotStart, NoCapacity, TaskNotFound, Unanswered
from chalicelib.domain.status import Status
from chalicelib.domain.task import (
    Task,
    accept_launch,
    begin_attempt,
    refuse_launch,
    wait_for_answer,
    wait_for_capacity,
    why_stray,
)
from chalicelib.domain.time_limit import next_wake
from chalicelib.ports import Services
from chalicelib.usecases.change import change_task

# A cluster knows a repeated call for as long as it remembers its token; after that it would start a second container.
REPEATED_FOR = timedelta(minutes=50)


def begin_life(services: Services, task_id: str) -> datetime | None:
    """Launch a task; return when to look at it for the first time, or None when it is over, or removed since."""
    try:
        task = launch_task(services, task_id)
    except TaskNotFound:
        return None
    return None if task.is_final else next_wake(task, services.clock.now())


def launch_task(services: Services, task_id: str) -> Task:
    """Bring a task to its container, or to its end.

    Raise Unanswered or NoCapacity when this is to be done again later; what was decided is saved.
    """
    task = services.tasks.get(task_id)
    if task.is_final or (task.launch is not None and task.launch.accepted_at is not None):
        return task
    if task.ecs_arn is not None:  # an event was faster than the answer
        return _accept(services, task_id, task.ecs_arn)
    try:
        app = services.apps.get(task.app)
    except AppNotFound as refusal:
        return _adopt_or_refuse(services, task_id, str(refusal))
    return _launch_as(services, task, app)


def _launch_as(services: Services, task: Task, app: App) -> Task:
    try:
        return _attempt(services, task, app)
    except NoCapacity as refusal:
        # Only a repeated call can be refused after it was carried out; what an earlier one started is ours.
        arn = services.cluster.find(task) if task.launch is not None and task.launch.is_unanswered else None
        return _accept(services, task.id, arn) if arn else _wait_for_capacity(services, task.id, app, refusal)
    except Unanswered as silence:
        return _wait_for_answer(services, task.id, app, silence)
    except CannotStart as refusal:
        return _adopt_or_refuse(services, task.id, str(refusal))


def _attempt(services: Services, task: Task, app: App) -> Task:
    if task.launch is None or task.launch.refused_at is not None:
        task = _save_attempt(services, task, app)
    if task.is_final:  # a user's stop was faster
        return task
    assert task.launch is not None
    if services.clock.now() - task.launch.attempted_at > REPEATED_FOR:
        return _adopt_or_refuse(services, task.id, task.waiting_for or "the cluster did not answer")
    return _accept(services, task.id, services.cluster.start(task, app))


def _save_attempt(services: Services, task: Task, app: App) -> Task:
    plan = services.cluster.plan(task, app)
    now = services.clock.now()
    return change_task(services.tasks, task.id, lambda task: begin_attempt(task, plan, now))


def _accept(services: Services, task_id: str, arn: str) -> Task:
    now = services.clock.now()
    task = change_task(services.tasks, task_id, lambda task: accept_launch(task, arn, now))
    if task.status is Status.STOPPING:  # asked to stop before we knew its container
        services.cluster.stop(task, task.history[-1].why or "stopped while starting")
    if arn != task.ecs_arn:  # an event told of an earlier attempt's container first, or the task has ended
        services.cluster.stop_stray(arn, f"tapit: {why_stray(task)}")
    return task


def _wait_for_capacity(services: Services, task_id: str, app: App, refusal: NoCapacity) -> Task:
    """An answered refusal: the same call would only be refused again, so the next try is a new attempt."""
    now, said = services.clock.now(), str(refusal)
    task = change_task(services.tasks, task_id, lambda task: wait_for_capacity(task, said, now))
    if _is_queued_too_long(task, app, now):
        return _adopt_or_refuse(services, task_id, said)
    if task.is_final:
        return task
    raise refusal


def _wait_for_answer(services: Services, task_id: str, app: App, silence: Unanswered) -> Task:
    said = str(silence)
    task = change_task(services.tasks, task_id, lambda task: wait_for_answer(task, said))
    if _is_queued_too_long(task, app, services.clock.now()):
        return _adopt_or_refuse(services, task_id, said)
    raise silence


def _is_queued_too_long(task: Task, app: App, now: datetime) -> bool:
    """Say whether to give up a task that no cluster was asked for, or that none may have taken."""
    if task.is_final or (task.launch is not None and task.launch.is_unanswered):
        return False
    return (now - task.created_at).total_seconds() > app.queue_timeout


def _adopt_or_refuse(services: Services, task_id: str, reason: str) -> Task:
    """A refusal may follow a call that was carried out but never answered: what that one started is ours."""
    task = services.tasks.get(task_id)
    arn = services.cluster.find(task) if task.launch is not None and not task.is_final else None
    if arn is not None:
        return _accept(services, task_id, arn)
    now = services.clock.now()
    task = change_task(services.tasks, task_id, lambda task: refuse_launch(task, reason, now))
    return task if task.is_final or task.ecs_arn is None else _accept(services, task_id, task.ecs_arn)
