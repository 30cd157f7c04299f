"""The server's end of the fork server: the process that forks a supervisor for every task.

ForkServerLost     the fork server, or the supervisor, was killed before it answered, or said nothing for long
"""

import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# All a Python may need to start; the rest of the server's environment is nobody's business.
_PYTHON_NEEDS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_CHUNK = 65536
ANSWERED_WITHIN = 10.0  # seconds; it takes some milliseconds, or as long as the disk does
_LEAVES_WITHIN = 1.0


class ForkServerLost(Exception):
    """The message is what the fork server complained of, if it did. Whether the task was begun is not known."""


@dataclass(frozen=True)
class _Running:
    line: socket.socket
    process: "subprocess.Popen[bytes]"


class SupervisorStarter:
    """Starts its driver's fork server when needed, and again when it was killed; safe to use from several threads."""

    def __init__(
        self, fork_server: Path, answered_within: float = ANSWERED_WITHIN, *, opens_early: bool = True
    ) -> None:
        self._script = fork_server
        self._opens_early = opens_early
        self._answered_within = answered_within
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._is_closed = False

    def open(self) -> None:
        """Start it now, so that the first task need not wait for it; unless there may never be one."""
        if not self._opens_early:
            return
        with self._lock:
            self._running = self._running or _start(self._script)

    def start_supervisor(self, specification: bytes) -> bytes:
        """Return what the supervisor answers, or complains of. Raise OSError when there was nobody to ask.

        After ForkServerLost it may have begun its task or not; to ask again is harmless, for it begins but once.
        """
        try:
            return self._ask(specification)
        except ForkServerLost:
            return self._ask(specification)

    def close(self) -> None:
        """End the fork server; supervisors go on. Who waits for one that has not begun is told that it is lost."""
        with self._lock:
            self._is_closed = True
            if self._running is not None:
                self._dismiss(self._running)

    def _ask(self, specification: bytes) -> bytes:
        ours, theirs = socket.socketpair()
        ours.settimeout(self._answered_within)
        with ours:
            with theirs:
                asked = self._hand_over(theirs)
            try:
                answer = _tell(ours, specification)
            except TimeoutError:
                asked.process.kill()  # it stands still, and would let the next one wait as well
                answer = b""
        if not answer:
            raise ForkServerLost(self._give_up(asked))
        return answer

    def _hand_over(self, theirs: socket.socket) -> _Running:
        with self._lock:
            if self._is_closed:
                raise ForkServerLost
            asked = self._running = self._running or _start(self._script)
            with suppress(
                ConnectionError, TimeoutError
            ):  # then nobody takes the other end, and we hear nothing
                socket.send_fds(asked.line, [b"!"], [theirs.fileno()])
            return asked

    def _give_up(self, lost: _Running) -> str:
        """Leave the fork server to others once, even if it is alive: the next request finds a new one."""
        with self._lock:
            return self._dismiss(lost) if lost is self._running else ""

    def _dismiss(self, fork_server: _Running) -> str:
        """Return its last words."""
        self._running = None
        with fork_server.line:
            fork_server.line.shutdown(socket.SHUT_WR)
            with suppress(subprocess.TimeoutExpired):
                fork_server.process.wait(_LEAVES_WITHIN)
            fork_server.process.kill()
            fork_server.process.wait()
            with suppress(
                TimeoutError
            ):  # a supervisor that has just been forked may hold the other end still
                return _read_to_end(fork_server.line).decode(errors="replace")
        return ""


def _start(script: Path) -> _Running:
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(script)],
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
    ours.settimeout(_LEAVES_WITHIN)
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
