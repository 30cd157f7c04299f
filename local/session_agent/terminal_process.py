"""A command on a pseudo-terminal of its own."""

import asyncio
import errno
import fcntl
import os
import pty
import signal
import struct
import termios
from collections.abc import Callable, Sequence
from contextlib import suppress

_CHUNK = 32 * 1024
_AT_FIRST = (80, 24)
_KILLED_AFTER = 2.0  # seconds between SIGHUP and SIGKILL
_DRAINED_AFTER = 0.3  # seconds for the rest of the output, when somebody else still holds the terminal
_ALWAYS = {"TERM": "xterm-256color"}
_IF_UNSET = {"LANG": "C.UTF-8"}


class TerminalProcess:
    """`on_output` gets what it prints, `on_end` is called once with nothing more to come."""

    def __init__(
        self, argv: Sequence[str], on_output: Callable[[bytes], None], on_end: Callable[[], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_output = on_output
        self._on_end = on_end
        self._typed = b""
        self._is_read = False
        self._is_over = False
        self.exit_code: int | None = None
        self.has_room = asyncio.Event()
        self.has_room.set()
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            _become(argv)
        os.set_blocking(self._terminal, False)
        self.resize(*_AT_FIRST)
        self.read_on()

    def resize(self, columns: int, rows: int) -> None:
        if not self._is_over:
            with suppress(OSError):
                fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_on(self) -> None:
        """Take output again."""
        if not self._is_read and not self._is_over:
            self._is_read = True
            self._loop.add_reader(self._terminal, self._read)

    def stop_reading(self) -> None:
        """Let output wait where it is: the command waits as well, once the terminal is full."""
        if self._is_read:
            self._is_read = False
            self._loop.remove_reader(self._terminal)

    def type(self, data: bytes) -> None:
        if self._is_over or not data:
            return
        if not self._typed:
            self._loop.add_writer(self._terminal, self._write)
        self._typed += data
        if len(self._typed) > _CHUNK:
            self.has_room.clear()

    def look(self) -> None:
        """Notice that the process has ended; call it on SIGCHLD."""
        if self.exit_code is not None or self._is_over:
            return
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if pid:
            self.exit_code = os.waitstatus_to_exitcode(status) % 256
            self.read_on()
            self._loop.call_later(_DRAINED_AFTER, self._end)

    def hang_up(self) -> None:
        """End everything that runs on the terminal."""
        if self._is_over:
            return
        self._signal(signal.SIGHUP)
        self._loop.call_later(_KILLED_AFTER, self._kill)

    def _kill(self) -> None:
        self._signal(signal.SIGKILL)
        self.look()
        self._end()

    def _signal(self, number: signal.Signals) -> None:
        groups = set()
        with suppress(OSError):
            groups.add(os.tcgetpgrp(self._terminal))
        if self.exit_code is None:
            groups.add(self._pid)
        for group in groups:
            with suppress(OSError):
                os.killpg(group, number)
                os.killpg(group, signal.SIGCONT)  # one that is stopped would not notice

    def _read(self) -> None:
        parts: list[bytes] = []
        size = 0
        while size < _CHUNK:
            try:
                part = os.read(self._terminal, _CHUNK)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.EIO:  # nobody holds the other side any more
                    raise
                part = b""
            if not part:
                self._hand_on(parts)
                self.stop_reading()
                self._loop.call_soon(self._ended_output)
                return
            parts.append(part)
            size += len(part)
        self._hand_on(parts)

    def _hand_on(self, parts: list[bytes]) -> None:
        if parts:
            self._on_output(b"".join(parts))

    def _ended_output(self) -> None:
        self.look()
        if self.exit_code is not None:
            self._end()

    def _end(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        self.stop_reading()
        if self._typed:
            self._loop.remove_writer(self._terminal)
        self.has_room.set()
        os.close(self._terminal)
        self._on_end()

    def _write(self) -> None:
        with suppress(BlockingIOError):
            try:
                self._typed = self._typed[os.write(self._terminal, self._typed) :]
            except OSError as error:
                if error.errno == errno.EAGAIN:
                    raise
                self._typed = b""
        if not self._typed:
            self._loop.remove_writer(self._terminal)
        if len(self._typed) <= _CHUNK // 2:
            self.has_room.set()


def _become(argv: Sequence[str]) -> None:
    """Never return: there must not be two agents."""
    try:
        for ignored in (
            signal.SIGPIPE,
            signal.SIGXFSZ,
        ):  # Python ignores them, and what it starts would inherit that
            signal.signal(ignored, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        environment = {**_IF_UNSET, **os.environ, **_ALWAYS}
        os.execve(argv[0], list(argv), environment)  # noqa: S606 - what was granted is run
    finally:
        os._exit(127)
