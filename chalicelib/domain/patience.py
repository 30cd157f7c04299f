"""How long a launch goes on: with calls that are refused for now, and with one that nobody answers."""

from datetime import datetime, timedelta

from chalicelib.domain.app import DEFAULT_QUEUE_TIMEOUT, App
from chalicelib.domain.task import Task

# A cluster knows a repeated call for as long as it remembers its token; after that it would start a second container.
REPEATED_FOR = timedelta(minutes=50)
# A call that nobody answers may have been carried out, so it is repeated a while even when there is no time to wait.
REPEATED_AT_LEAST = timedelta(minutes=5)
# A launch that was cut off may have made its call just before: that is heard of as long after as a launch may take.
UNDER_WAY_FOR = timedelta(minutes=2)
SEARCHED_FOR = timedelta(hours=1)
FAILS_FOR = timedelta(hours=1)  # for reasons that nobody foresaw


def waits_until(task: Task, app: App | None) -> datetime:
    """Return until when a task may wait for room, as its app says."""
    return task.due_at + timedelta(seconds=app.queue_timeout if app else DEFAULT_QUEUE_TIMEOUT)


def has_waited_enough(task: Task, until: datetime, now: datetime, *, was_tried: bool) -> bool:
    """Say whether to ask no more: the time to wait is over, or an unanswered call was repeated as long as it may be."""
    if task.launch is None:
        return was_tried and now > until  # whatever the time is, it is asked for once
    if not task.launch.is_unanswered:
        return now > until
    asked_for = now - task.launch.attempted_at
    return asked_for > REPEATED_FOR or (now > until and asked_for > REPEATED_AT_LEAST)


def may_be_under_way(task: Task, now: datetime) -> bool:
    """Say whether an earlier call of this attempt may still start something, though another one was refused."""
    return task.launch is not None and now < task.launch.attempted_at + UNDER_WAY_FOR


def is_searched_in_vain(task: Task, until: datetime, now: datetime) -> bool:
    """Say whether to give up on learning what an unanswered call has started."""
    assert task.launch is not None
    return now > max(until, task.launch.attempted_at + REPEATED_AT_LEAST) + SEARCHED_FOR


def is_a_failure(task: Task, now: datetime) -> bool:
    """Say whether to give up on a launch that fails for reasons that nobody foresaw."""
    return task.failing_since is not None and now > task.failing_since + FAILS_FOR
