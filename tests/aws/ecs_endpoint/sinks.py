"""Where output and events go; the real ones are in log_groups.py and event_rules.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Described = dict[str, Any]


@dataclass(frozen=True)
class LogLine:
    milliseconds: int
    message: str


class CannotLog(Exception):
    """The log group refuses a stream, so that the task cannot start."""


class LogSink(Protocol):
    def open(self, group: str, stream: str) -> None:
        """Make sure that the stream can be written to; raise CannotLog."""

    def write(self, group: str, stream: str, lines: Sequence[LogLine]) -> None:
        """Return once the lines are kept: the container waits meanwhile, as in blocking mode."""


class EventSink(Protocol):
    def send(self, event: Described) -> None:
        """Hand one whole event, in its envelope, to whoever listens."""
