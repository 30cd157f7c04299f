"""Whose turn it is: a task with a lock is launched once it holds it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial

from chalicelib.domain.audit import Entry, What
from chalicelib.domain.creator import schedule_among
from chalicelib.domain.errors import NotDone, TapitError, TaskNotFound, Unreadable
from chalicelib.domain.lock import Lock, left, restored, words_of_waiting
from chalicelib.domain.status import Status
from chalicelib.domain.stop_cause import StopCause
from chalicelib.domain.task import Task, request_stop, wait_for_turn
from chalicelib.ports import Services
from chalicelib.usecases.change import change_task
from chalicelib.usecases.change_record import Audit

TOLD = 10  # of a queue, by the sweep
WALKED = 500  # unfinished tasks in a page


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
    if not task.waits_its_turn or task.is_early(services.clock.now()):
        return task
    lock = lock_before(services, task)
    return task if lock is None else task.but(waiting_for=words_of_waiting(lock))


def lock_before(services: Services, task: Task) -> Lock | None:
    """Return the lock that another task holds, for whoever is only told of it: None when it cannot be read, too."""
    if task.lock is None:
        return None
    try:
        lock = services.tasks.lock(task.app, task.lock)
    except Unreadable:
        return None
    return None if lock.holder in (None, task.id) else lock


def see_to_turns(services: Services, waiting: Iterable[Task], report: Callable[[TapitError], None]) -> None:
    """Launch those whose turn it is, should nobody have done so, and have the others say whom they wait for by now."""
    by_lock = defaultdict[tuple[str, str], list[Task]](list)
    for task in waiting:
        if task.lock is not None:
            by_lock[task.app, task.lock].append(task)
    for (app, name), tasks in by_lock.items():
        try:
            lock = _lock_with_all_of(services, services.tasks.lock(app, name), tasks)
            _see_to_turns(services, lock_with_living_holder(services, lock), tasks)
        except TapitError as problem:
            report(problem)


def lock_with_living_holder(services: Services, lock: Lock) -> Lock:
    """Take out who is over: a version that knows of no locks may have brought a holder to its end."""
    while lock.holder is not None and _is_over(services, lock.holder):
        lock = services.tasks.change_lock(lock.app, lock.name, partial(left, task_id=lock.holder))
    return lock


def _lock_with_all_of(services: Services, lock: Lock, waiting: Iterable[Task]) -> Lock:
    """Return the lock with a place for each that waits; who is in its queue is looked for anew when one has none.

    It could not be read when that task was to get its place, or its record was removed.
    """
    if all(lock.has(task.id) or not _waits_still(services, task.id) for task in waiting):
        return lock
    unfinished = [task for task in _unfinished(services) if (task.app, task.lock) == (lock.app, lock.name)]
    unfinished.sort(key=lambda task: task.created_at)
    mended = partial(
        restored,
        at_work=[task.id for task in unfinished if not task.waits_its_turn],
        waiting=[task.id for task in unfinished if task.waits_its_turn],
    )
    return services.tasks.change_lock(lock.app, lock.name, mended)


def _unfinished(services: Services) -> Iterator[Task]:
    after_id: str | None = None
    while True:
        page = services.tasks.list_active(after_id, WALKED)
        yield from page.items
        if not page.has_more:
            return
        after_id = page.items[-1].id


def _waits_still(services: Services, task_id: str) -> bool:
    try:
        return services.tasks.get(task_id).waits_its_turn
    except (TaskNotFound, Unreadable):
        return False


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
