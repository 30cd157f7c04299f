"""The server's end of the nursery: the process that forks a supervisor for every task.

NurseryLost     the nursery, or the supervisor, was killed before it answered
"""

import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).parent / "supervisor" / "__main__.py"
# All a Python may need to start; the rest of the server's environment is nobody's business.
_PYTHON_NEEDS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_CHUNK = 65536


class NurseryLost(Exception):
    """The message is what the nursery complained of, if it did."""


@dataclass(frozen=True)
class _Running:
    line: socket.socket
    process: "subprocess.Popen[bytes]"


class Nursery:
    """Started when it is opened or needed, and again when it was killed; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: _Running | None = None

    def open(self) -> None:
        """Start it now, so that the first task need not wait for it."""
        with self._lock:
            self._running = self._running or _start()

    def raise_supervisor(self, specification: bytes) -> bytes:
        """Return what the supervisor answers, or complains of. Raise OSError when there was nobody to ask.

        After NurseryLost it may have begun its task or not; to ask again is harmless, for it begins but once.
        """
        try:
            return self._ask(specification)
        except NurseryLost:
            return self._ask(specification)

    def close(self) -> None:
        """End the nursery; supervisors go on."""
        with self._lock:
            if self._running is not None:
                self._dismiss(self._running)

    def _ask(self, specification: bytes) -> bytes:
        ours, theirs = socket.socketpair()
        with ours:
            with theirs, self._lock:
                asked = self._running = self._running or _start()
                with suppress(
                    ConnectionError
                ):  # it was killed; then nobody holds the other end, and we hear nothing
                    socket.send_fds(asked.line, [b"!"], [theirs.fileno()])
            answer = _tell(ours, specification)
        if not answer:
            raise NurseryLost(self._give_up(asked))
        return answer

    def _give_up(self, lost: _Running) -> str:
        """Leave the nursery to others once, even if it is alive: the next request finds a new one."""
        with self._lock:
            return self._dismiss(lost) if lost is self._running else ""

    def _dismiss(self, nursery: _Running) -> str:
        """Return its last words."""
        self._running = None
        with nursery.line:
            nursery.line.shutdown(socket.SHUT_WR)
            complaint = _read_to_end(nursery.line)
        nursery.process.wait()
        return complaint.decode(errors="replace")


def _start() -> _Running:
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(SCRIPT)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=theirs.fileno(),
                start_new_session=True,
                cwd="/",
                env={name: os.environ[name] for name in _PYTHON_NEEDS if name in os.environ},
            )
        except OSError:
            ours.close()
            raise
    return _Running(ours, process)


def _tell(supervisor: socket.socket, specification: bytes) -> bytes:
    with suppress(ConnectionError):  # whoever gives up early says why
        supervisor.sendall(specification)
        supervisor.shutdown(socket.SHUT_WR)
    return _read_to_end(supervisor)


def _read_to_end(source: socket.socket) -> bytes:
    parts = []
    with suppress(ConnectionError):
        while part := source.recv(_CHUNK):
            parts.append(part)
    return b"".join(parts)
