"""Change a task, and see to what follows when that ends it."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from chalicelib.domain import ids
from chalicelib.domain.audit import Entry
from chalicelib.domain.creator import schedule_among
from chalicelib.domain.errors import IdTaken, Stale, TapitError
from chalicelib.domain.retry import next_try, tried_again
from chalicelib.domain.status import FAILURES
from chalicelib.domain.task import Task
from chalicelib.ports import Services
from chalicelib.usecases.change_record import Audit, change_record


def change_task(
    services: Services, task_id: str, change: Callable[[Task], Task], audit: Audit[Task] | None = None
) -> Task:
    """Apply a pure change to the newest record and return what is saved; raise Stale after too many tries."""
    save = partial(_save_task, services)
    return change_record(lambda: services.tasks.get(task_id), change, save, f"Task {task_id}", audit)


def change_read_task(
    services: Services, task: Task, change: Callable[[Task], Task], audit: Audit[Task] | None = None
) -> Task:
    """Do the same for whoever has just read the record: it is read again only if somebody else was faster."""
    after = change(task)
    if after != task:  # to change nothing may be decided on the newest record alone
        with suppress(Stale, IdTaken):
            return _save_task(services, after, audit(task, after) if audit else None)
    return change_task(services, task.id, change, audit)


def _save_task(services: Services, task: Task, entry: Entry | None) -> Task:
    """Save a task; one that this brings to an end together with its next try, if there is to be one."""
    following = _next_try_of(services, task) if task.is_final and task.has_moved else None
    if following is None:
        saved = services.tasks.save(task, entry)
    else:
        saved = services.tasks.save(tried_again(task, following), entry, following)
        with suppress(TapitError):  # written means accepted: the sweep begins it when this does not
            services.lifecycle.begin(following)
    if saved.is_final:
        with suppress(TapitError):  # it is over, whatever follows: the sweep sees to that when this does not
            _launch_the_next(services, saved)
        with suppress(TapitError):  # when this does not see to it, whoever fires its next time does
            _pause_its_schedule(services, saved)
    return saved


def _next_try_of(services: Services, ended: Task) -> Task | None:
    now = services.clock.now()
    return next_try(ended, now, ids.new_id(now))


def _launch_the_next(services: Services, ended: Task) -> None:
    """Its lock is another's with its end."""
    if ended.lock is None:
        return
    holder = services.tasks.lock(ended.app, ended.lock).holder
    if holder is not None:
        services.lifecycle.launch_again(services.tasks.get(holder))


def _pause_its_schedule(services: Services, ended: Task) -> None:
    """It fails too often, maybe; how a run ends that is tried again says nothing."""
    schedule = schedule_among(ended.created_by)
    if schedule is None or ended.retried_by is not None or ended.status not in FAILURES:
        return
    # Loaded here, for few functions ever end a schedule's run that failed.
    from chalicelib.usecases.pause_schedule import pause_failing_schedule

    pause_failing_schedule(services, ended.app, schedule)
