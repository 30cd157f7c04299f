"""When to look at a task again, and whether its time is up."""

from datetime import datetime, timedelta
from typing import Literal

from chalicelib.domain.status import Status
from chalicelib.domain.task import Task

START_TIMEOUT = timedelta(minutes=15)
LOOK_AGAIN = timedelta(minutes=1)
SOON = timedelta(seconds=2)  # a limit may be as short
A_DAY = timedelta(days=1)
A_SECOND = timedelta(seconds=1)


def next_wake(task: Task, now: datetime) -> datetime:
    """Return when to look again: whole seconds, rounded up, at least a second ahead.

    Rounding up matters: a timer may wake a little early, and a limit is never enforced early.
    """
    return _ceiling(max(_wake(task, now), now + A_SECOND))


def overdue(task: Task, now: datetime) -> Literal["deadline", "start_timeout"] | None:
    """Say which limit a task has passed, if any."""
    if task.started_at is not None:
        return "deadline" if task.deadline is not None and now >= task.deadline else None
    started_waiting = _start_deadline(task)
    return "start_timeout" if started_waiting is not None and now >= started_waiting else None


def _wake(task: Task, now: datetime) -> datetime:
    if task.status is Status.STOPPING:
        return now + max(
            LOOK_AGAIN, (now - task.history[-1].time) / 5
        )  # an execution has room for so many looks
    if task.not_before is not None and task.is_early(now):
        return task.not_before
    if task.waits_its_turn:
        return _look_at_waiting(task, now)
    if task.started_at is not None:
        return now + A_DAY if task.deadline is None else task.deadline
    longest = now + (A_DAY if task.max_hours is None else timedelta(hours=task.max_hours))
    start_deadline = _start_deadline(task)
    return max(longest if start_deadline is None else min(longest, start_deadline), now + SOON)


def _look_at_waiting(task: Task, now: datetime) -> datetime:
    """Whoever is before it wakes it, so this is for when that is lost, and for the end of its patience.

    Its time limit is a bound: once it is launched by others, its execution still sleeps until then.
    """
    looks = [now + max(LOOK_AGAIN, (now - task.created_at) / 5)]
    if task.waits_until is not None:
        looks.append(task.waits_until + A_SECOND)
    if task.max_hours is not None:
        looks.append(now + timedelta(hours=task.max_hours))
    return max(min(looks), now + SOON)


def _start_deadline(task: Task) -> datetime | None:
    if task.launch is None or task.launch.accepted_at is None:
        return None
    return task.launch.accepted_at + START_TIMEOUT


def _ceiling(moment: datetime) -> datetime:
    whole = moment.replace(microsecond=0)
    return whole if whole == moment else whole + A_SECOND
