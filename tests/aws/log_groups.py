"""Output of containers goes to CloudWatch Logs, as the awslogs driver on the containers' host sends it."""

from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from tests.aws.ecs_endpoint.sinks import CannotLog, LogLine

MOST_EVENTS, MOST_BYTES, EVENT_OVERHEAD = 10_000, 1_048_576, 26


class LogGroups:
    """A stream begins when its container does; a group must be there before."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def open(self, group: str, stream: str) -> None:
        try:
            self._client.create_log_stream(logGroupName=group, logStreamName=stream)
        except ClientError as error:
            raise CannotLog(
                f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
            ) from error

    def write(self, group: str, stream: str, lines: Sequence[LogLine]) -> None:
        for batch in _batches(lines):
            events = [{"timestamp": line.milliseconds, "message": line.message} for line in batch]
            self._client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def _batches(lines: Sequence[LogLine]) -> Iterator[list[LogLine]]:
    batch: list[LogLine] = []
    size = 0
    for line in lines:
        length = len(line.message.encode()) + EVENT_OVERHEAD
        if batch and (len(batch) == MOST_EVENTS or size + length > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += length
    if batch:
        yield batch
