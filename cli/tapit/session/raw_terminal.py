"""The person's terminal while it belongs to the other side, and as it was again afterwards."""

import os
import sys
import termios
import tty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

# What a program that could not say goodbye may have left on: mouse, bracketed paste, alternate screen, hidden cursor.
_AS_USUAL = "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1049l\x1b[?25h\x1b[0m\x1b[?1l\x1b>"


class RawTerminal:
    """Every key as it is typed, until the block ends, whichever way."""

    def __init__(self) -> None:
        self._input = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._input)
        self._is_raw = False

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        self.restore()

    def take(self) -> None:
        tty.setraw(self._input, termios.TCSADRAIN)
        self._is_raw = True

    def restore(self) -> None:
        if self._is_raw:
            self._is_raw = False
            # what was still printing is dropped by no one: DRAIN; after a hang-up there is nothing to restore
            try:
                termios.tcsetattr(self._input, termios.TCSADRAIN, self._before)
            except termios.error:
                return

    @staticmethod
    def clean() -> None:
        """Undo what a program that was cut off may have done to the screen."""
        try:
            os.write(sys.stdout.fileno(), _AS_USUAL.encode())
        except OSError:
            return

    @staticmethod
    def size() -> tuple[int, int]:
        """Columns and rows."""
        for stream in (sys.stdout, sys.stdin, sys.stderr):
            try:
                found = os.get_terminal_size(stream.fileno())
            except OSError:
                continue
            if found.columns and found.lines:
                return found.columns, found.lines
        return 80, 24
