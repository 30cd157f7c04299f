"""Run `tapit` on a pseudo-terminal, as a person does, and see what the screen would be sent."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Callable
from contextlib import suppress

from tests.cli.conftest import BIN, Place

CSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A running command, and everything it has written so far."""

    def __init__(self, place: Place, words: tuple[str, ...], columns: int, rows: int = 40) -> None:
        self._main, side = pty.openpty()
        self.resize(columns, rows)
        self.process = subprocess.Popen(
            [BIN / "tapit", *words], env=place.env, cwd=place.folder, stdin=side, stdout=side, stderr=side
        )
        os.close(side)
        self.raw = ""

    @property
    def text(self) -> str:
        return CSI.sub("", self.raw).replace("\r\n", "\n")

    def lines(self) -> list[str]:
        """What stays on the screen: a line that was erased is gone."""
        return [
            CSI.sub("", line.rpartition("\r\x1b[2K")[2])
            for line in self.raw.replace("\r\n", "\n").split("\n")
        ]

    def read_until(self, enough: Callable[[str], bool]) -> None:
        while not enough(self.text):
            if not self._read():
                raise AssertionError(f"It ended with {self.text!r}")

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def finish(self) -> int:
        while self._read():
            pass
        os.close(self._main)
        return self.process.wait(timeout=60)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._main], [], [], 30)
        assert ready, f"Nothing came for 30 seconds after {self.text!r}"
        with suppress(OSError):  # Linux says so when the other side has been closed
            some = os.read(self._main, 65536)
            self.raw += some.decode()
            return bool(some)
        return False


def run_at_a_terminal(place: Place, *words: str, columns: int = 100) -> Terminal:
    terminal = Terminal(place, words, columns)
    terminal.finish()
    return terminal
