"""Where the command's input comes from: a person's keys, or a pipe whose bytes travel as blocks of base64."""

import base64
import os
from collections.abc import Callable

from tapit.session.escapes import Escapes

BLOCK, END_OF_FILE = b"+\n", b"\x04"
LINE = 384  # bytes that are 512 characters of base64: a terminal's line has its limits
BETWEEN_BLOCKS = 0.02  # seconds: each block costs the other end a process
_AT_ONCE = 96 * LINE
_MOST_KEYS = 4096  # more than a terminal has at once


class Keyboard:
    """A terminal: its end means that it was hung up."""

    most_ahead = 1024 * 1024  # bytes on their way; a session that hangs must still be left by typing

    def __init__(self, file: int) -> None:
        self._file = file
        self._escapes = Escapes()
        self.is_open = True

    @property
    def leaves(self) -> bool:
        return self._escapes.leaves

    def fileno(self) -> int:
        return self._file

    @property
    def due_at(self) -> float | None:
        """When to call `turn`."""
        return None

    def read(self, send: Callable[[bytes], None], now: float) -> None:
        typed = _some(self._file, _MOST_KEYS)
        self.is_open = bool(typed)
        send(self._escapes.passed_on(typed, now))

    def turn(self, send: Callable[[bytes], None], now: float) -> None:
        pass

    def end(self, send: Callable[[bytes], None]) -> None:
        pass


class Pipe:
    """The other end decodes a block when it is closed: at once after a pause, then as often as its processes allow."""

    most_ahead = 256 * 1024
    leaves = False

    def __init__(self, file: int) -> None:
        self._file = file
        self._rest = b""  # does not fill three bytes, and waits for more or for the end of the block
        self._has_block = False
        self._closed_at = -BETWEEN_BLOCKS
        self.is_open = True

    def fileno(self) -> int:
        return self._file

    @property
    def due_at(self) -> float | None:
        return self._closed_at + BETWEEN_BLOCKS if self._has_block else None

    def read(self, send: Callable[[bytes], None], now: float) -> None:
        some = _some(self._file, _AT_ONCE)
        if not some:
            self.end(send)
            return
        opening = b"" if self._has_block else BLOCK
        self._has_block = True
        send(opening + self._encoded(self._rest + some, now))

    def turn(self, send: Callable[[bytes], None], now: float) -> None:
        """Close the block when it is time."""
        if self.due_at is not None and now >= self.due_at:
            send(self._encoded(self._rest, now))

    def end(self, send: Callable[[bytes], None]) -> None:
        """The command's input ends, whether or not ours does."""
        if self.is_open:
            self.is_open = False
            closing = self._encoded(self._rest, float("inf")) if self._has_block else b""
            send(closing + END_OF_FILE)

    def _encoded(self, text: bytes, now: float) -> bytes:
        closes = now >= self._closed_at + BETWEEN_BLOCKS
        whole = len(text) if closes else len(text) - len(text) % 3
        self._rest = text[whole:]
        lines = [_line(text[at : min(at + LINE, whole)]) for at in range(0, whole, LINE)]
        if closes:
            self._has_block = False
            self._closed_at = now
            lines.append(END_OF_FILE)
        return b"".join(lines)


def _line(some: bytes) -> bytes:
    return base64.b64encode(some) + b"\n"


def _some(file: int, most: int) -> bytes:
    try:
        return os.read(file, most)
    except OSError:  # hung up, or never open
        return b""
