"""Keep every promise when timers and events were lost: walk the unfinished tasks, and mend what stands still."""

from contextlib import suppress
from datetime import datetime, timedelta

from chalicelib.domain.errors import LaunchError
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.task import Status, Task, lose
from chalicelib.ports import Services
from chalicelib.usecases.change import change_task
from chalicelib.usecases.check_deadline import stop_if_overdue
from chalicelib.usecases.observe import record_sighting

PAGE = 100  # as many as one DescribeTasks takes
NOT_BEGUN_FOR = timedelta(minutes=1)
UNKNOWN_FOR = timedelta(hours=1)  # ECS keeps a stopped task at least that long


def sweep(services: Services, after_id: str | None = None) -> str | None:
    """Look at one page of unfinished tasks; return where to resume, or None after the last page."""
    page = services.tasks.list_active(after_id, PAGE)
    started = [task for task in page.items if task.ecs_arn is not None]
    seen = services.cluster.look(started) if started else {}
    for task in page.items:
        _mend(services, task, seen.get(task.id))
    return page.items[-1].id if page.has_more else None


def _mend(services: Services, task: Task, seen: Sighting | None) -> None:
    now = services.clock.now()
    if task.ecs_arn is None:
        _begin_again(services, task, now)
    elif seen is not None:
        task = record_sighting(services, task.id, seen) or task
    elif _is_lost(task, now):
        task = change_task(services.tasks, task.id, lambda task: lose(task, now))
    if not task.is_final:
        stop_if_overdue(services, task)


def _begin_again(services: Services, task: Task, now: datetime) -> None:
    if now - task.created_at > NOT_BEGUN_FOR:
        with suppress(LaunchError):
            services.lifecycle.begin(task)


def _is_lost(task: Task, now: datetime) -> bool:
    accepted_at = task.launch.accepted_at if task.launch else None
    return task.status is not Status.PENDING and accepted_at is not None and now - accepted_at > UNKNOWN_FOR
