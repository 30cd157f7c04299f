"""Launch a task. It may run any number of times: the plan is saved first, and the same plan starts one container."""

from datetime import datetime, timedelta

from chalicelib.domain.app import App
from chalicelib.domain.errors import AppNotFound, CannotStart, NoCapacity
from chalicelib.domain.task import (
    Status,
    Task,
    accept_launch,
    begin_attempt,
    refuse_launch,
    wait_for_capacity,
)
from chalicelib.ports import Services
from chalicelib.usecases.change import change_task

QUEUE_TIMEOUT = timedelta(hours=1)


def launch_task(services: Services, task_id: str) -> Task:
    """Bring a task to its container, or to its end.

    Raise Unanswered or NoCapacity when this is to be done again later; what was decided is saved.
    """
    task = services.tasks.get(task_id)
    if task.is_final or _is_accepted(task):
        return task
    try:
        return _launch(services, task, services.apps.get(task.app))
    except (AppNotFound, CannotStart) as refusal:
        return _refuse(services, task, str(refusal))


def _launch(services: Services, task: Task, app: App) -> Task:
    if task.launch is None:
        task = _save_attempt(services, task, app)
    if task.is_final:  # a user's stop of a pending task was faster
        return task
    try:
        arn = services.cluster.start(task, app)
    except NoCapacity as refusal:
        return _wait_or_give_up(services, task, app, refusal)
    now = services.clock.now()
    task = change_task(services.tasks, task.id, lambda task: accept_launch(task, arn, now))
    if task.status is Status.STOPPING:  # asked to stop before we knew its container
        services.cluster.stop(task, task.history[-1].why or "stopped while starting")
    return task


def _wait_or_give_up(services: Services, task: Task, app: App, refusal: NoCapacity) -> Task:
    """An answered refusal: the same call would only be refused again, so the next try is a new attempt."""
    now = services.clock.now()
    if task.status is Status.STOPPING or now - task.created_at > QUEUE_TIMEOUT:
        return _refuse(services, task, str(refusal))
    _save_attempt(services, task, app)
    change_task(services.tasks, task.id, lambda task: wait_for_capacity(task, str(refusal)))
    raise refusal


def _save_attempt(services: Services, task: Task, app: App) -> Task:
    plan = services.cluster.plan(task, app)
    now = services.clock.now()
    return change_task(services.tasks, task.id, lambda task: begin_attempt(task, plan, now))


def _refuse(services: Services, task: Task, reason: str) -> Task:
    now: datetime = services.clock.now()
    return change_task(services.tasks, task.id, lambda task: refuse_launch(task, reason, now))


def _is_accepted(task: Task) -> bool:
    return task.launch is not None and task.launch.accepted_at is not None
