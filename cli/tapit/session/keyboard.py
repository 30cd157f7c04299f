"""Where the command's input comes from: a person's keys, or a pipe whose bytes travel as lines of base64."""

import base64
import os
import time
from collections.abc import Callable

from tapit.session.escapes import Escapes

END_OF_FILE = b"\x04"
LINE = 384  # bytes that are 512 characters of base64: a terminal's line has its limits
_AT_ONCE = 24 * LINE


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

    def read(self, send: Callable[[bytes], None]) -> None:
        typed = _some(self._file)
        self.is_open = bool(typed)
        send(self._escapes.passed_on(typed, time.monotonic()))

    def end(self, send: Callable[[bytes], None]) -> None:
        pass


class Pipe:
    """What does not fill three bytes waits for more, or for the end."""

    most_ahead = 64 * 1024
    leaves = False

    def __init__(self, file: int) -> None:
        self._file = file
        self._rest = b""
        self.is_open = True

    def fileno(self) -> int:
        return self._file

    def read(self, send: Callable[[bytes], None]) -> None:
        some = _some(self._file)
        if not some:
            if self._rest:
                send(_line(self._rest))
            self.end(send)
            return
        text = self._rest + some
        whole = len(text) - len(text) % 3
        self._rest = text[whole:]
        for at in range(0, whole, LINE):
            send(_line(text[at : min(at + LINE, whole)]))

    def end(self, send: Callable[[bytes], None]) -> None:
        """The command's input ends, whether or not ours does."""
        if self.is_open:
            self.is_open = False
            send(END_OF_FILE)


def _line(some: bytes) -> bytes:
    return base64.b64encode(some) + b"\n"


def _some(file: int) -> bytes:
    try:
        return os.read(file, _AT_ONCE)
    except OSError:  # hung up, or never open
        return b""
