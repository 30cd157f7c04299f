"""Sinks that keep what they are given, for tests of the endpoint alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from threading import Condition

from tests.aws.ecs_endpoint.sinks import CannotLog, CannotRead, Described, LogLine

GENEROUS = 30  # seconds


class KeptLogs:
    """Has the groups that it is made with, and every stream written to."""

    def __init__(self, *groups: str) -> None:
        self.groups = set(groups)
        self.streams: dict[str, list[str]] = defaultdict(list)
        self._news = Condition()

    def open(self, group: str, stream: str) -> None:  # noqa: ARG002 - every stream may be opened
        if group not in self.groups:
            raise CannotLog("ResourceNotFoundException: The specified log group does not exist.")

    def write(self, group: str, stream: str, lines: Sequence[LogLine]) -> None:
        assert group in self.groups
        with self._news:
            self.streams[stream] += [line.message for line in lines]
            self._news.notify_all()

    def wait_for(self, line: str) -> None:
        with self._news:
            assert self._news.wait_for(
                lambda: any(line in lines for lines in self.streams.values()), GENEROUS
            )


class KeptEvents:
    def __init__(self) -> None:
        self.events: list[Described] = []
        self._news = Condition()

    def send(self, event: Described) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def wait_for(self, status: str, times: int = 1) -> list[Described]:
        """Return all events once that many were of this status."""
        with self._news:
            assert self._news.wait_for(lambda: self.statuses().count(status) >= times, GENEROUS), (
                self.statuses()
            )
        return self.events

    def statuses(self) -> list[str]:
        return [event["detail"]["lastStatus"] for event in self.events]


class KeptSecrets:
    """What a reference leads to, whatever the role."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def read(self, reference: str, role: str) -> str:  # noqa: ARG002 - every role may
        if reference not in self._values:
            raise CannotRead("ResourceNotFoundException")
        return self._values[reference]
