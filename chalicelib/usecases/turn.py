"""Whose turn it is: a task with a lock is launched once it holds it."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial

from chalicelib.domain.audit import Entry, What
from chalicelib.domain.creator import schedule_among
from chalicelib.domain.errors import NotDone, TapitError, TaskNotFound, Unreadable
from chalicelib.domain.lock import Lock, left, words_of_waiting
from chalicelib.domain.status import Status
from chalicelib.domain.stop_cause import StopCause
from chalicelib.domain.task import Task, request_stop, wait_for_turn
from chalicelib.ports import Services
from chalicelib.usecases.change import Audit, change_task

TOLD = 10  # of a queue, by the sweep


def lock_to_wait_for(services: Services, task: Task) -> Lock | None:
    """Return the lock that another task holds; None when it is this one's turn, and so it is until it has ended."""
    if task.lock is None:
        return None
    lock = services.tasks.lock(task.app, task.lock)
    if lock.holder == task.id:
        return None
    lock = lock_with_living_holder(services, lock)
    replaced = lock.replaced_by(task.id)
    if replaced:
        for task_id in replaced:
            _replace(services, task_id, by=task)
        lock = services.tasks.lock(task.app, task.lock)
    return None if lock.holder == task.id else lock


def as_it_waits(services: Services, task: Task) -> Task:
    """Say who holds its lock by now: a record that waits is not written anew each time that changes hands."""
    if task.lock is None or not task.waits_its_turn or task.is_early(services.clock.now()):
        return task
    lock = services.tasks.lock(task.app, task.lock)
    return task if lock.holder in (None, task.id) else task.but(waiting_for=words_of_waiting(lock))


def see_to_turns(services: Services, waiting: Iterable[Task], report: Callable[[TapitError], None]) -> None:
    """Launch those whose turn it is, should nobody have done so, and have the others say whom they wait for by now."""
    by_lock = defaultdict[tuple[str, str], list[Task]](list)
    for task in waiting:
        if task.lock is not None:
            by_lock[task.app, task.lock].append(task)
    for (app, name), tasks in by_lock.items():
        try:
            _see_to_turns(services, lock_with_living_holder(services, services.tasks.lock(app, name)), tasks)
        except TapitError as problem:
            report(problem)


def lock_with_living_holder(services: Services, lock: Lock) -> Lock:
    """Take out who is over: a version that knows of no locks may have brought a holder to its end."""
    while lock.holder is not None and _is_over(services, lock.holder):
        lock = services.tasks.change_lock(lock.app, lock.name, partial(left, task_id=lock.holder))
    return lock


def _see_to_turns(services: Services, lock: Lock, waiting: Iterable[Task]) -> None:
    """Those far behind are told at their own looks: else each end would have the whole queue written anew."""
    what, near = words_of_waiting(lock), {place.task_id for place in lock.queue[:TOLD]}
    for task in waiting:
        if lock.holder == task.id:
            with suppress(NotDone):
                services.lifecycle.launch_again(task)
        elif task.id in near and task.waits_until is not None and task.waiting_for != what:
            until = task.waits_until
            with suppress(TaskNotFound):
                change_task(services, task.id, partial(wait_for_turn, what=what, until=until))


def _is_over(services: Services, task_id: str) -> bool:
    """Of what cannot be read nobody knows."""
    try:
        return services.tasks.get(task_id).is_final
    except TaskNotFound:
        return True
    except Unreadable:
        return False


def _replace(services: Services, task_id: str, *, by: Task) -> None:
    now, cause = services.clock.now(), StopCause(kind="replaced", by=by.id)
    try:
        replaced = change_task(
            services, task_id, lambda task: request_stop(task, cause, now), _audit(by, now)
        )
    except TaskNotFound:
        return
    if replaced.status is Status.STOPPING and replaced.ecs_arn is not None:
        services.cluster.stop(replaced, f"replaced by {by.id}")


def _audit(by: Task, now: datetime) -> Audit[Task] | None:
    """Whoever has a task replaced has it stopped; what a schedule does is the program's own doing."""
    if schedule_among(by.created_by):
        return None

    def entry(before: Task, _after: Task) -> Entry:
        details = {"was": before.status, "replaced_by": by.id}
        return Entry.of(
            What.TASK_STOPPED, before.id, app=before.app, by=by.created_by, at=now, details=details
        )

    return entry
