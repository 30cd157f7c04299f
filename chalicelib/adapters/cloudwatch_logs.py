"""Output of tasks in CloudWatch Logs: one stream a task, which appears with its first line.

docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.ecs_refusals import code_of, is_busy, refusals
from chalicelib.domain.errors import InvalidRequest, LaunchError, OutputForbidden, Unavailable
from chalicelib.domain.task import Task
from chalicelib.ports import Clock, LogLine, LogPage

SETTLED_AFTER = timedelta(seconds=10)  # the last lines may arrive after the end was seen
PAGES_AT_ONCE = 5  # a page may be empty though there are lines further on
LARGEST_PAGE = 10_000
AT_THE_START = ""  # a position before there is a stream
DENIED = "AccessDeniedException"  # our role's policy, or the policy of the key that encrypts the group


@dataclass(frozen=True)
class _Stream:
    group: str
    name: str


@dataclass(frozen=True)
class _Page:
    lines: Sequence[LogLine]
    forward: str
    backward: str


class CloudWatchLogs:
    """A position is CloudWatch's own token; the same one comes back at the end of what there is."""

    def __init__(self, client: Any, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def read(self, task: Task, position: str | None, limit: int) -> LogPage:
        is_settled = self._is_settled(task)  # before the output: what is over by then has written everything
        at = position or AT_THE_START
        for _ in range(PAGES_AT_ONCE):
            page = self._page(task, at, limit, from_head=True)
            if page is None:
                return LogPage([], AT_THE_START, is_complete=is_settled)
            if page.lines or page.forward == at:
                return LogPage(page.lines, page.forward, is_complete=is_settled and page.forward == at)
            at = page.forward
        return LogPage([], at, is_complete=False)

    def tail(self, task: Task, lines: int) -> LogPage:
        is_settled = self._is_settled(task)  # before the output, as in `read`
        page = self._page(task, AT_THE_START, lines, from_head=False)
        if page is None:
            return LogPage([], AT_THE_START, is_complete=is_settled)
        found, forward = list(page.lines), page.forward
        for _ in range(PAGES_AT_ONCE):
            if len(found) >= lines:
                break
            earlier = self._page(task, page.backward, lines - len(found), from_head=False)
            if earlier is None or earlier.backward == page.backward:
                break
            found, page = [*earlier.lines, *found], earlier
        return LogPage(found, forward, is_complete=is_settled and self._is_at_end(task, forward))

    def _is_at_end(self, task: Task, forward: str) -> bool:
        after = self._page(task, forward, 1, from_head=True)
        return after is not None and not after.lines and after.forward == forward

    def _is_settled(self, task: Task) -> bool:
        if not task.is_final:
            return False
        if task.ecs_arn is None or task.stopped_at is None:
            return True
        return self._clock.now() >= task.stopped_at + SETTLED_AFTER

    def _page(self, task: Task, token: str, limit: int, *, from_head: bool) -> _Page | None:
        """None while there is no stream."""
        stream = _stream_of(task)
        if stream is None:
            return None
        call = {"nextToken": token} if token else {}
        try:
            with refusals():
                answer = self._get(
                    task, stream, startFromHead=from_head, limit=min(limit, LARGEST_PAGE), **call
                )
        except LaunchError as refusal:
            raise Unavailable(
                f"The output of task {task.id} cannot be read right now: {refusal}"
            ) from refusal
        return None if answer is None else _page_of(answer)

    def _get(self, task: Task, stream: _Stream, **call: Any) -> Mapping[str, Any] | None:
        try:
            answer: Mapping[str, Any] = self._client.get_log_events(
                logGroupName=stream.group, logStreamName=stream.name, **call
            )
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return None
            if code_of(error) == DENIED:
                raise OutputForbidden(task.id, stream.group, error.response["Error"]["Message"]) from error
            if code_of(error) == "InvalidParameterException" and "nextToken" in call and not is_busy(error):
                raise _expired() from error
            raise
        return answer


def _stream_of(task: Task) -> _Stream | None:
    if task.ecs_arn is None or task.launch is None:
        return None
    plan = task.launch.plan
    return _Stream(plan["log_group"], f"{plan['log_prefix']}/{task.ecs_arn.rpartition('/')[2]}")


def _page_of(answer: Mapping[str, Any]) -> _Page:
    lines = [
        LogLine(datetime.fromtimestamp(event["timestamp"] / 1000, UTC), event["message"].removesuffix("\n"))
        for event in answer["events"]
    ]
    return _Page(lines, answer["nextForwardToken"], answer["nextBackwardToken"])


def _expired() -> InvalidRequest:
    return InvalidRequest(
        "The cursor is not valid any more: CloudWatch Logs keeps one for a day.",
        {"cursor": "is not valid any more"},
        hint="Start again without a cursor.",
    )
