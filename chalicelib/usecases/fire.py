"""Make tasks of what a schedule's time has come for, or of a schedule at once."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.domain.audit import Entry, What
from chalicelib.domain.errors import (
    AppNotFound,
    InvalidRequest,
    LimitExceeded,
    Locked,
    NotFound,
    Stale,
    TapitError,
    TooManyWait,
)
from chalicelib.domain.lock import IfLocked
from chalicelib.domain.new_task import NewTask
from chalicelib.domain.saved_command import SavedCommand
from chalicelib.domain.schedule import SCHEDULES, Overlap, Run, Schedule
from chalicelib.domain.schedule_runs import corrected, fails_too_often, pause_itself, with_ends, with_refusal
from chalicelib.domain.task import Task
from chalicelib.domain.timetable import due_at, due_times, fired
from chalicelib.ports import IdempotencyKey, Services
from chalicelib.usecases.change_record import ATTEMPTS, change_named
from chalicelib.usecases.create import create_task
from chalicelib.usecases.find_named import find_named

KEY_KEPT_FOR = timedelta(days=7)
REFUSALS = (InvalidRequest, LimitExceeded, NotFound, Locked, TooManyWait)
IF_LOCKED = {
    Overlap.SKIP: IfLocked.REFUSE,
    Overlap.QUEUE: IfLocked.WAIT,
    Overlap.REPLACE: IfLocked.REPLACE,
}


def fire(services: Services, schedule: Schedule, ended: Mapping[str, Task]) -> None:
    """Make tasks of the times that have come, and go on to the next one; harmless to repeat, and by two at once.

    `ended` are the last tries of its runs. What the home is in trouble with is raised, and then it stays due.
    """
    made: list[Run] = []
    for _ in range(ATTEMPTS):
        try:
            after = _fired(services, corrected(schedule, made), ended, made)
            if after != schedule:
                services.schedules.save(after)
            return None
        except AppNotFound:
            return _remove(services, schedule)
        except Stale:  # somebody else fired it, or changed it
            pass
        newest = _newest(services, schedule)
        if newest is None:
            return None
        schedule = newest
    raise Stale(SCHEDULES.called(schedule.name))


def _newest(services: Services, schedule: Schedule) -> Schedule | None:
    """Return it as it is now; another one that has got its name is not it."""
    try:
        found = services.schedules.get(schedule.app, schedule.name)
    except NotFound:
        return None
    return found if found.id == schedule.id else None


def start_schedule(
    services: Services, app: str, name: str, *, by: str, key: IdempotencyKey | None
) -> tuple[Task, Sequence[str]]:
    """Make a task of it now, whatever its times are, and return it with notes for the caller.

    Raise what `create_task` does, and Locked when the run before has not ended and it is to be skipped then.
    """
    schedule = find_named(services, services.schedules, app, name)
    wanted = _wanted(services, schedule)
    try:
        task, notes = create_task(services, app, wanted, created_by=schedule.creator, key=key)
    except Locked as refusal:
        raise Locked(app, refusal.name, refusal.holder, schedule=name) from refusal
    run = Run(time=task.created_at, task_id=task.id)
    entry = Entry.of(
        What.SCHEDULE_STARTED, name, app=app, by=by, at=services.clock.now(), details={"task": task.id}
    )

    def noted(newest: Schedule) -> Schedule:
        is_another = newest.id != schedule.id  # that has got its name
        if is_another or any(known.task_id == task.id for known in newest.runs):  # or it was sent again
            return newest
        return newest.but(runs=(*newest.runs, run), problem=None)

    with suppress(NotFound):  # it was removed meanwhile; its task is there all the same
        change_named(services.schedules, SCHEDULES, app, name, noted, lambda *_: entry)
    return task, notes


def _fired(services: Services, schedule: Schedule, ended: Mapping[str, Task], made: list[Run]) -> Schedule:
    """Return the schedule as it is to be saved; `made` is given the runs that have become tasks."""
    now = services.clock.now()
    if schedule.due_at is None or schedule.due_at > now:
        return schedule
    schedule = with_ends(schedule, ended)
    try:
        due = due_times(schedule, now)
    except InvalidRequest as refusal:  # its zone is gone: nobody knows any more when it is due
        return pause_itself(schedule, str(refusal), now)
    why = fails_too_often(schedule)
    if why is not None:
        left_out = [*due.passed_over, *(Run(time=time, why=f"paused: {why}") for time in due.to_fire)]
        runs = tuple(_unless_made(services, schedule, run) for run in left_out)
        return pause_itself(fired(schedule, runs), why, now)
    become = [_unless_made(services, schedule, run) for run in due.passed_over]
    is_later = False  # than another one that became a task just now
    for time in due.to_fire:
        run, problem = _fire_once(services, schedule, time, is_later=is_later)
        schedule = with_refusal(schedule, problem)
        become.append(run)
        if run.task_id:
            made.append(run)
            is_later = True
    if not become:
        return _due_when_it_is(schedule)
    schedule = fired(schedule, tuple(become))
    why = fails_too_often(schedule)
    return pause_itself(schedule, why, now) if why else schedule


def _due_when_it_is(schedule: Schedule) -> Schedule:
    """What comes too early would be looked at every minute."""
    assert schedule.next_run_at is not None
    return schedule.but(due_at=due_at(schedule, schedule.next_run_at))


def _fire_once(
    services: Services, schedule: Schedule, time: datetime, *, is_later: bool
) -> tuple[Run, str | None]:
    """Return what became of that time, and what is wrong with the schedule if it could not become a task."""
    key = _key(schedule, time, services.clock.now())
    try:
        wanted = _wanted(services, schedule, is_later=is_later)
        task, _ = create_task(services, schedule.app, wanted, created_by=schedule.creator, key=key)
    except AppNotFound:
        raise
    except REFUSALS as refusal:
        run = _unless_made(services, schedule, Run(time=time, why=_why_not(services, schedule, refusal)))
        return run, None if isinstance(refusal, Locked) or run.task_id else str(refusal)
    return Run(time=time, task_id=task.id), None


def _why_not(services: Services, schedule: Schedule, refusal: TapitError) -> str:
    """The lock that a schedule has for itself is no word of anybody's; one that it shares may be held by others."""
    if not isinstance(refusal, Locked) or schedule.overlap is not Overlap.SKIP:
        return str(refusal)
    is_shared = refusal.name != schedule.creator
    found = services.tasks.get_all([refusal.holder]) if is_shared else ()
    if is_shared and all(holder.created_by != schedule.creator for holder in found):
        by = "".join(f", created by {holder.created_by}," for holder in found)
        return f"skipped: task {refusal.holder}{by} holds the lock {refusal.name} (overlap=skip)"
    return f"skipped: task {refusal.holder} has not ended (overlap=skip)"


def _unless_made(services: Services, schedule: Schedule, run: Run) -> Run:
    """It may be a task all the same: of somebody who was ended before that was written down."""
    now = services.clock.now()
    try:
        earlier = services.tasks.find_by_key(_key(schedule, run.time, now), now)
    except NotFound:
        return run
    return run if earlier is None else Run(time=run.time, task_id=earlier.id)


def _key(schedule: Schedule, time: datetime, now: datetime) -> IdempotencyKey:
    """One time of a schedule is one task, whatever the schedule says by now."""
    named = time.isoformat()
    return IdempotencyKey(f"schedule:{schedule.id}", named, named, now + KEY_KEPT_FOR)


def _wanted(services: Services, schedule: Schedule, *, is_later: bool = False) -> NewTask:
    """The run before and this one have a lock in common, unless they may overlap.

    Of several that are made at one look each would skip the next, so the later ones wait.
    """
    asked = asked_of_its_tasks(schedule, services.commands)
    if schedule.overlap is Overlap.ALLOW:
        return asked
    skips_its_own = is_later and schedule.overlap is Overlap.SKIP
    if_locked = IfLocked.WAIT if skips_its_own else IF_LOCKED[schedule.overlap]
    return asked.but(lock=asked.lock or schedule.creator, if_locked=if_locked)


class SavedCommands(Protocol):
    def get(self, app: str, name: str) -> SavedCommand:
        """Raise CommandNotFound when there is no such command."""


def asked_of_its_tasks(schedule: Schedule, commands: SavedCommands) -> NewTask:
    """Raise CommandNotFound when there is no such saved command, or none any more."""
    if schedule.task is not None:
        return schedule.task
    assert schedule.command_name is not None
    return commands.get(schedule.app, schedule.command_name).asked_with(schedule.options)


def _remove(services: Services, schedule: Schedule) -> None:
    """Its app is gone, and it ends with it: whoever deleted that one is in the audit, which the API alone writes."""
    with suppress(Stale, NotFound):
        services.schedules.remove(schedule)
