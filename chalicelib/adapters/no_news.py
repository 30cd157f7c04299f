"""News of tasks where nobody can wait for it: a Lambda that waits is paid for by the millisecond.

So clients look again and again, and each look is paid for too. The less there is to see, the less they look.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from chalicelib.adapters.cloudwatch_logs import STILL_FOR, settled_at
from chalicelib.domain.task import Task

NOT_STARTED = timedelta(seconds=5)  # a container on Fargate takes half a minute
LIVELY = timedelta(seconds=3)  # the awslogs driver hands lines over every five seconds
QUIET = timedelta(
    seconds=3.5
)  # whoever waits hears of the end within five seconds, and its event takes one or two
SOON = timedelta(seconds=0.5)
AT_WORK = timedelta(seconds=2)  # somebody waits at a terminal for the task to start


class _NoWatch:
    def wait(self, seconds: float) -> bool:  # noqa: ARG002 - the port's shape
        return False


class NoNews:
    """Every look answers at once, and says when to look again."""

    @contextmanager
    def watch(self, task_id: str) -> Iterator[_NoWatch]:  # noqa: ARG002 - the port's shape
        yield _NoWatch()

    @contextmanager
    def watch_feed(self, app: str) -> Iterator[_NoWatch]:  # noqa: ARG002 - the port's shape
        yield _NoWatch()

    def poll_after(self, task: Task, now: datetime, *, has_output: bool) -> float:
        return _until_next_look(task, now, has_output=has_output).total_seconds()

    def poll_feed_after(self, *, has_more: bool) -> float:
        return 0.0 if has_more else LIVELY.total_seconds()


def _until_next_look(task: Task, now: datetime, *, has_output: bool) -> timedelta:
    if task.is_final:
        return max(settled_at(task) - now, STILL_FOR if has_output else SOON)
    if has_output:
        return LIVELY
    if task.started_at is None:
        return AT_WORK if task.interactive else NOT_STARTED
    return min(max(LIVELY, (now - task.history[-1].time) / 2), QUIET)
