"""Keep every promise when timers and events were lost: walk the unfinished tasks, and mend what stands still."""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from chalicelib.domain.errors import NotDone, TapitError, TaskNotFound
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.task import Task, find_again, miss
from chalicelib.ports import Services
from chalicelib.usecases.change import change_task
from chalicelib.usecases.check_deadline import stop_if_overdue
from chalicelib.usecases.observe import record_sighting
from chalicelib.usecases.turn import see_to_turns

PAGE = 500  # of them the cluster is asked about a fifth: as many as one DescribeTasks takes
ROTATION = 5  # minutes in which the cluster is asked about every task once
NOT_BEGUN_FOR = timedelta(minutes=1)

Report = Callable[[TapitError], None]


class Sweeper:
    """Sweeps for a bounded time, and goes on where it stopped; begun anew, it starts with the first task."""

    def __init__(self) -> None:
        self._after_id: str | None = None

    def run(self, services: Services, seconds: float) -> None:
        """Raise an ExceptionGroup of what could not be mended, after all the rest was."""
        problems: list[TapitError] = []
        ends_at = services.clock.monotonic() + seconds
        self._after_id = sweep(services, self._after_id, problems.append)
        while self._after_id is not None and services.clock.monotonic() < ends_at:
            self._after_id = sweep(services, self._after_id, problems.append)
        if problems:
            raise ExceptionGroup("some tasks could not be seen to", problems)


def sweep(services: Services, after_id: str | None, report: Report) -> str | None:
    """Look at one page of unfinished tasks; return where to resume, or None after the last page."""
    page = services.tasks.list_active(after_id, PAGE)
    seen = _look(services, page.items, report)
    now = services.clock.now()
    see_to_turns(services, (task for task in page.items if _waits(task, now)), report)
    for task in page.items:
        try:
            _mend(services, task, seen)
        except TaskNotFound:
            continue  # removed since it was listed
        except TapitError as problem:
            report(problem)
    return page.items[-1].id if page.has_more else None


def _look(services: Services, tasks: Iterable[Task], report: Report) -> Mapping[str, Sighting | None]:
    now = services.clock.now()
    chosen: Sequence[Task] = [task for task in tasks if task.ecs_arn is not None and _is_its_turn(task, now)]
    if not chosen:
        return {}
    try:
        return services.cluster.look(chosen)
    except TapitError as problem:
        report(problem)
        return {}


def _is_old(task: Task, now: datetime) -> bool:
    return now - task.created_at > NOT_BEGUN_FOR


def _waits(task: Task, now: datetime) -> bool:
    return task.waits_its_turn and _is_old(task, now) and not task.is_early(now)


def _is_its_turn(task: Task, now: datetime) -> bool:
    return zlib.crc32(task.id.encode()) % ROTATION == int(now.timestamp() // 60) % ROTATION


def _mend(services: Services, task: Task, seen: Mapping[str, Sighting | None]) -> None:
    now = services.clock.now()
    if task.ecs_arn is None:
        _begin_again(services, task, now)
    sighting = seen.get(task.id)
    if sighting is not None:
        task = record_sighting(services, task.id, sighting) or task
        task = change_task(services, task.id, find_again) if task.unknown_since else task
    elif task.id in seen:
        task = change_task(services, task.id, lambda task: miss(task, now))
    if not task.is_final:
        stop_if_overdue(services, task)


def _begin_again(services: Services, task: Task, now: datetime) -> None:
    if task.is_early(now):  # what was lost is seen soon enough when its time has come
        return
    sleeps = (
        task.waits_its_turn and task.waits_until is not None
    )  # as its execution does, for a long time maybe
    if _is_old(task, now) and (not sleeps or _is_its_turn(task, now)):
        with suppress(NotDone):
            services.lifecycle.begin(task)
    if task.launch is not None and task.launch.failed:
        with suppress(NotDone):
            services.lifecycle.launch_again(task)
