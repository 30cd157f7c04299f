"""Read, change, save; again when somebody else was faster. The one room for concurrency."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from chalicelib.domain import ids
from chalicelib.domain.app import App
from chalicelib.domain.audit import Entry
from chalicelib.domain.creator import schedule_among
from chalicelib.domain.errors import IdTaken, Stale, TapitError
from chalicelib.domain.named_record import Kind, Named
from chalicelib.domain.record import Record
from chalicelib.domain.retry import next_try, tried_again
from chalicelib.domain.schedule import SCHEDULES, Schedule
from chalicelib.domain.schedule_runs import fails_too_often, is_failure, pause_itself, unended, with_ends
from chalicelib.domain.task import Task
from chalicelib.ports import AppStore, NamedStore, Services
from chalicelib.usecases.find_runs import last_tries

ATTEMPTS = 20
Changed = TypeVar("Changed", bound=Record)
Audit = Callable[
    [Changed, Changed], Entry
]  # what is written down of a change, from the records before and after


def change_task(
    services: Services, task_id: str, change: Callable[[Task], Task], audit: Audit[Task] | None = None
) -> Task:
    """Apply a pure change to the newest record and return what is saved; raise Stale after too many tries."""
    save = partial(_save_task, services)
    return _change(lambda: services.tasks.get(task_id), change, save, f"Task {task_id}", audit)


def change_read_task(
    services: Services, task: Task, change: Callable[[Task], Task], audit: Audit[Task] | None = None
) -> Task:
    """Do the same for whoever has just read the record: it is read again only if somebody else was faster."""
    after = change(task)
    if after != task:  # to change nothing may be decided on the newest record alone
        with suppress(Stale, IdTaken):
            return _save_task(services, after, audit(task, after) if audit else None)
    return change_task(services, task.id, change, audit)


def change_app(apps: AppStore, name: str, change: Callable[[App], App], audit: Audit[App]) -> App:
    """Apply a pure change to the newest app and return what is saved; raise Stale after too many tries."""
    return _change(lambda: apps.get(name), change, apps.save, f"App {name}", audit)


def change_named(
    kept_in: NamedStore[Named],
    kind: Kind[Named],
    app: str,
    name: str,
    change: Callable[[Named], Named],
    audit: Audit[Named] | None = None,
) -> Named:
    """Do the same with what an app has by name."""
    return _change(lambda: kept_in.get(app, name), change, kept_in.save, kind.called(name), audit)


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
    """One that fails too often pauses with its last failure, though its next time may be far off."""
    name = schedule_among(ended.created_by)
    if name is None or not is_failure(ended):
        return

    def judged(schedule: Schedule) -> Schedule:
        if schedule.pause_after_failures is None:
            return schedule
        seen = with_ends(schedule, last_tries(services, unended(schedule)))
        why = fails_too_often(seen)
        return schedule if why is None else pause_itself(seen, why, services.clock.now())

    change_named(services.schedules, SCHEDULES, ended.app, name, judged)


def _change(
    get: Callable[[], Changed],
    change: Callable[[Changed], Changed],
    save: Callable[[Changed, Entry | None], Changed],
    what: str,
    audit: Audit[Changed] | None,
) -> Changed:
    for _ in range(ATTEMPTS):
        before = get()
        after = change(before)
        if after == before:
            return before
        with suppress(Stale, IdTaken):
            return save(after, audit(before, after) if audit else None)
    raise Stale(what)
