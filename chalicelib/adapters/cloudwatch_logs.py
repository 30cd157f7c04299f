"""Output of tasks in CloudWatch Logs: one stream a task, which appears with its first line.

docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws_refusals import code_of, is_busy, refusals
from chalicelib.domain.errors import InvalidRequest, NotDone, OutputForbidden, Unavailable
from chalicelib.domain.task import Task
from chalicelib.ports import Clock, LogLine, LogPage, LogText

# The awslogs driver hands over what is left when its container ends, batch after batch, and they can be read a moment
# later. So nothing follows when the end was that long ago, and nothing came in for a while.
SETTLED_AFTER = timedelta(seconds=4)
STILL_FOR = timedelta(seconds=2)
PAGES_AT_ONCE = 5  # a page may be empty though there are lines further on
LARGEST_PAGE = 10_000
LARGE_PAGE = 900_000  # characters; CloudWatch's own limit is a megabyte
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
    came_in_at: datetime

    def has_room(self, limit: int) -> bool:
        """Say whether more would have been in it, if there was more."""
        return len(self.lines) < limit and sum(len(line.message) for line in self.lines) < LARGE_PAGE


def settled_at(task: Task) -> datetime:
    """Return when a look that finds nothing new tells that nothing will follow; of finished tasks only."""
    assert task.stopped_at is not None
    return task.stopped_at if task.ecs_arn is None else task.stopped_at + SETTLED_AFTER


class CloudWatchLogs:
    """A position is CloudWatch's own token; the same one comes back at the end of what there is."""

    def __init__(self, client: Any, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def read(
        self,
        task: Task,
        position: str | None,
        limit: int,
        *,
        unfinished: bool = False,  # noqa: ARG002 - there are whole lines only
    ) -> LogPage:
        is_settled = self._is_settled(task)  # before the output: what is over by then has written everything
        at = position or AT_THE_START
        for _ in range(PAGES_AT_ONCE):
            page = self._page(task, at, limit, from_head=True)
            if page is None:
                return LogPage([], AT_THE_START, is_complete=is_settled)
            if page.lines:
                is_last = is_settled and page.has_room(limit) and self._is_at_end(task, page)
                return LogPage(page.lines, page.forward, is_complete=is_last)
            if page.forward == at:
                return LogPage([], at, is_complete=is_settled)
            at = page.forward
        return LogPage([], at, is_complete=False)

    def read_text(self, task: Task, position: str | None, *, unfinished: bool = False) -> LogText:
        return LogText.of(self.read(task, position, LARGEST_PAGE, unfinished=unfinished))

    def tail(self, task: Task, lines: int) -> LogPage:
        is_settled = self._is_settled(task)  # before the output, as in `read`
        page = self._page(task, AT_THE_START, lines, from_head=False)
        if page is None:
            return LogPage([], AT_THE_START, is_complete=is_settled)
        found, last = list(page.lines), page
        for _ in range(PAGES_AT_ONCE):
            if len(found) >= lines:
                break
            earlier = self._page(task, page.backward, lines - len(found), from_head=False)
            if earlier is None or earlier.backward == page.backward:
                break
            found, page = [*earlier.lines, *found], earlier
        return LogPage(found, last.forward, is_complete=is_settled and self._is_at_end(task, last))

    def _is_at_end(self, task: Task, page: _Page) -> bool:
        if self._clock.now() < page.came_in_at + STILL_FOR:
            return False
        after = self._page(task, page.forward, 1, from_head=True)
        return after is not None and not after.lines and after.forward == page.forward

    def _is_settled(self, task: Task) -> bool:
        return task.is_final and self._clock.now() >= settled_at(task)

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
        except NotDone as refusal:
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
    came_in = max((event.get("ingestionTime", 0) for event in answer["events"]), default=0)
    return _Page(
        lines,
        answer["nextForwardToken"],
        answer["nextBackwardToken"],
        came_in_at=datetime.fromtimestamp(came_in / 1000, UTC),
    )


def _expired() -> InvalidRequest:
    return InvalidRequest(
        "The cursor is not valid any more: CloudWatch Logs keeps one for a day.",
        {"cursor": "is not valid any more"},
        hint="Start again without a cursor.",
    )
