"""A person at a terminal: types, resizes the window, and looks at the screen that a terminal would draw."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pyte

PATIENCE = 60.0  # seconds; far more than anything takes, so that only what never comes fails
COLUMNS, ROWS = 100, 30


class Screen(pyte.Screen):
    """vim asks for the keys' modifiers with a sequence that looks like one for colours."""

    def select_graphic_rendition(self, *attributes: int, private: bool = False) -> None:
        if not private:
            super().select_graphic_rendition(*attributes)


class Person:
    """`screen` is what is seen now; `shown` is every byte that the terminal was sent."""

    def __init__(self, words: tuple[str | Path, ...], env: Mapping[str, str], folder: Path) -> None:
        self._main, self._side = pty.openpty()  # our side stays open, to look at the terminal's state
        self.resize(COLUMNS, ROWS, tell=False)
        self._screen = Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self.shown = b""
        self.state_before = termios.tcgetattr(self._side)
        self.process = subprocess.Popen(
            words,
            env={"TERM": "xterm-256color", **env},
            cwd=folder,
            stdin=self._side,
            stdout=self._side,
            stderr=self._side,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - one thread
        )

    @property
    def screen(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]

    @property
    def state_now(self) -> object:
        return termios.tcgetattr(self._side)

    def type(self, keys: str | bytes) -> None:
        left = keys.encode() if isinstance(keys, str) else keys
        while left:
            left = left[os.write(self._main, left) :]

    def resize(self, columns: int, rows: int, *, tell: bool = True) -> None:
        fcntl.ioctl(self._main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if tell:
            self._screen.resize(rows, columns)

    def sees(self, text: str) -> None:
        """Return once the text is on the screen."""
        self.until(lambda: any(text in line for line in self.screen), text)

    def sees_line(self, line: str) -> None:
        self.until(lambda: line in self.screen, line)

    def until(self, enough: Callable[[], bool], what: str = "it") -> None:
        ends_at = time.monotonic() + PATIENCE
        while not enough():
            left = max(0.0, ends_at - time.monotonic())
            assert self._read(left), f"{what!r} did not come; the screen:\n" + "\n".join(self.screen)

    def leaves(self) -> int:
        """Return the exit code once the command has ended, with all that it printed read."""
        ends_at = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < ends_at, "It does not end; the screen:\n" + "\n".join(self.screen)
            self._read(0.05)
        while self._read(0):
            pass
        return self.process.returncode

    def hangs_up(self) -> int:
        """Close the window."""
        os.close(self._side)
        os.close(self._main)
        self._main = self._side = -1
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        for file in (self._main, self._side):
            if file >= 0:
                with suppress(OSError):
                    os.close(file)

    def _read(self, patience: float) -> bool:
        ready, _, _ = select.select([self._main], [], [], patience)
        if not ready:
            return False
        some = os.read(self._main, 65536)
        self.shown += some
        self._stream.feed(some)
        return bool(some)
