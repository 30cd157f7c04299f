"""Where output and events go, and secrets come from.

The real ones are in log_groups.py, event_rules.py and secret_values.py.
"""

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


class CannotRead(Exception):
    """The execution role may not, or there is no such secret, so that the task cannot start."""


class SecretSource(Protocol):
    def read(self, reference: str, role: str) -> str:
        """Return the value that a definition refers to, as its execution role reads it; raise CannotRead."""


class EventSink(Protocol):
    def send(self, event: Described) -> None:
        """Hand one whole event, in its envelope, to whoever listens."""
