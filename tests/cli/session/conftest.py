"""Somebody who attaches to a scripted far end: at a terminal, or between pipes."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.cli.session.far_end import FarEnd

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0
COLUMNS, ROWS = 100, 30

Play = Callable[[FarEnd], None]


class Visitor:
    """A process in `attach`, and what became of it."""

    def __init__(self, far_end: FarEnd, folder: Path, opened: dict[str, Any], **env: str) -> None:
        self.far_end = far_end
        self.folder = folder
        (folder / "opened.json").write_text(json.dumps(far_end.opened(**opened)))
        self._words = [sys.executable, "-m", "tests.cli.session.visitor", str(folder)]
        self._env = {**os.environ, **env}

    process: "subprocess.Popen[bytes]"

    @property
    def told(self) -> list[str]:
        path = self.folder / "told.txt"
        return path.read_text().splitlines() if path.exists() else []

    def result(self) -> dict[str, Any]:
        """How it ended, once it has; a failure of the far end's script comes first."""
        self.wait()
        self.far_end.close()
        said: dict[str, Any] = json.loads((self.folder / "result.json").read_text())
        return said

    def wait(self) -> int:
        return self.process.wait(PATIENCE)

    @property
    def most_memory(self) -> int:
        """Bytes that it ever had; known once it has ended."""
        return int((self.folder / "memory").read_text())

    def until_told(self, line: str) -> None:
        self.until(lambda: line in self.told, repr(line))

    def until(self, condition: Callable[[], bool], what: str = "it") -> None:
        ends_at = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < ends_at, f"{what} did not come; told was {self.told}"
            time.sleep(0.02)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class AtTerminal(Visitor):
    """`shell` is a script that runs the visitor's words, in place of "$@"."""

    def __init__(self, far_end: FarEnd, folder: Path, opened: dict[str, Any], shell: str = "") -> None:
        super().__init__(far_end, folder, opened)
        words = ["bash", "-c", shell, "bash", *self._words] if shell else self._words
        self._main, self._side = pty.openpty()
        self.resize(COLUMNS, ROWS)
        self.state_before = self.state
        self.shown = b""
        self.process = subprocess.Popen(
            words,
            env=self._env,
            cwd=ROOT,
            stdin=self._side,
            stdout=self._side,
            stderr=self._side,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - it does no more
        )

    @property
    def state(self) -> list[Any]:
        return termios.tcgetattr(self._side)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def types(self, keys: bytes) -> None:
        os.write(self._main, keys)

    def sees(self, text: bytes) -> None:
        ends_at = time.monotonic() + PATIENCE
        while text not in self.shown:
            assert self.looks(ends_at - time.monotonic()), f"{text!r} did not come: {self.shown[-500:]!r}"

    def looks(self, patience: float) -> bool:
        if not select.select([self._main], [], [], max(0.0, patience))[0]:
            return False
        self.shown += os.read(self._main, 65536)
        return True

    def wait(self) -> int:
        ends_at = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < ends_at, f"it goes on; shown was {self.shown[-500:]!r}"
            self.looks(0.02)
        while self._main >= 0 and self.looks(0):
            pass
        return self.process.returncode

    def until_stopped(self) -> None:
        pid, status = os.waitpid(self.process.pid, os.WUNTRACED)
        assert (pid, os.WIFSTOPPED(status)) == (self.process.pid, True)

    def hangs_up(self) -> None:
        os.close(self._side)
        os.close(self._main)
        self._main = self._side = -1
        self.process.wait(PATIENCE)

    def close(self) -> None:
        super().close()
        for file in (self._main, self._side):
            with suppress(OSError):
                os.close(file)


class BetweenPipes(Visitor):
    def __init__(self, far_end: FarEnd, folder: Path, opened: dict[str, Any], **env: str) -> None:
        super().__init__(far_end, folder, opened, **env)
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            self._words, env=self._env, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe
        )

    def writes(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def interrupts(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def reads_all(self, data: bytes = b"") -> tuple[bytes, bytes]:
        """Stdout and stderr to their ends; stdin is closed after the data."""
        return self.process.communicate(data, PATIENCE)

    def close(self) -> None:
        super().close()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


@pytest.fixture
def sits_down(tmp_path: Path) -> Iterator[Callable[..., AtTerminal]]:
    visitors: list[AtTerminal] = []

    def sit_down(play: Play, *notes: str, refuses: int = 0, shell: str = "", **opened: Any) -> AtTerminal:
        _leave_notes(tmp_path, notes)
        visitors.append(AtTerminal(FarEnd(play, refuses=refuses), tmp_path, opened, shell))
        return visitors[-1]

    yield sit_down
    _see_off(visitors)


@pytest.fixture
def pipes(tmp_path: Path) -> Iterator[Callable[..., BetweenPipes]]:
    visitors: list[BetweenPipes] = []

    def connect(play: Play, *notes: str, refuses: int = 0, **opened: Any) -> BetweenPipes:
        _leave_notes(tmp_path, notes)
        visitors.append(BetweenPipes(FarEnd(play, refuses=refuses), tmp_path, opened))
        return visitors[-1]

    yield connect
    _see_off(visitors)


def _leave_notes(folder: Path, notes: tuple[str, ...]) -> None:
    for note in notes:
        (folder / note).touch()


def _see_off(visitors: "list[AtTerminal] | list[BetweenPipes]") -> None:
    for visitor in visitors:
        visitor.close()
        visitor.far_end.close()
