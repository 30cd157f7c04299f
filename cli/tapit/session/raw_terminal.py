"""The person's own terminal, raw while a session is in it: every key goes to the command as it is."""

import os
import signal
import termios
import tty
from contextlib import suppress
from typing import Any

from tapit.session.screen import Screen

INPUT, OUTPUT = 0, 1
USUAL_SIZE = (80, 24)


class RawTerminal:
    """Raw between `make_raw` and `restore`, which whoever made it so must call whatever happens."""

    def __init__(self, file: int = INPUT) -> None:
        self._file = file
        self._before: list[Any] | None = None
        self.is_raw = False

    def make_raw(self) -> None:
        if self._before is None:
            self._before = termios.tcgetattr(self._file)
        self.is_raw = True  # first: between the two a signal may come
        tty.setraw(self._file, termios.TCSANOW)

    def restore(self) -> None:
        """Idempotent, and quiet about a terminal that is gone."""
        if not self.is_raw or self._before is None:
            return
        self.is_raw = False
        if self._is_ours():
            with suppress(termios.error):
                termios.tcsetattr(self._file, termios.TCSANOW, self._before)

    def tidy(self, screen: Screen) -> None:
        """Switch off what the command had no time to."""
        if self._before is not None and self._is_ours():
            with suppress(OSError):
                os.write(OUTPUT, screen.tidying())

    def stop(self) -> None:
        """Stop this process as Ctrl-Z does at a usual terminal, and be raw again when it goes on."""
        was_raw = self.is_raw
        self.restore()
        noted = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, noted)
        self.is_raw = was_raw
        self.go_on()

    def go_on(self) -> None:
        """After a stop the shell has set the terminal as it likes it; SIGCONT also comes with a hang-up."""
        if self.is_raw:
            with suppress(termios.error):
                self.make_raw()

    def _is_ours(self) -> bool:
        """In the background, another has it by now; where it controls nobody, nobody else has."""
        try:
            return os.tcgetpgrp(self._file) == os.getpgrp()
        except OSError:
            return True


def size_of(file: int = OUTPUT) -> tuple[int, int]:
    """Columns and rows; a terminal that does not know is taken for the usual one."""
    try:
        columns, rows = os.get_terminal_size(file)
    except OSError:
        return USUAL_SIZE
    return (columns or USUAL_SIZE[0], rows or USUAL_SIZE[1])
