"""A pseudo-terminal, and the command that runs on it."""

import fcntl
import os
import signal
import struct
import sys
import termios
from collections.abc import Mapping, Sequence

from local.session_agent.child_processes import become, hold_signals, release_signals

MOST_WAITING = 65536  # bytes of input that the command has not read yet
_LARGEST_OUTPUT = 32768
_COLUMNS, _ROWS = 80, 24  # until the client says its own
_LARGEST_SIZE = 0xFFFF
_IUTF8 = 0o40000  # Linux's; termios does not name it


class PseudoTerminal:
    """`file` is to be watched: to read from, and to write to while `has_input`."""

    def __init__(self, argv: Sequence[str], environment: Mapping[bytes, bytes]) -> None:
        """Raise OSError when the system has no more processes or terminals to give."""
        hold_signals()
        try:
            self._child, self.file = os.forkpty()
            if self._child == 0:
                _become_command(argv, environment)
        finally:
            release_signals()
        os.set_inheritable(self.file, False)
        os.set_blocking(self.file, False)
        self.resize(_COLUMNS, _ROWS)
        self.exit_code: int | None = None
        self.is_at_end = False
        self._input = bytearray()
        self._hung_up: set[int] = set()

    @property
    def has_input(self) -> bool:
        return bool(self._input) and not self.is_at_end

    @property
    def has_room(self) -> bool:
        return len(self._input) < MOST_WAITING

    def resize(self, columns: int, rows: int) -> None:
        size = struct.pack("HHHH", min(rows, _LARGEST_SIZE), min(columns, _LARGEST_SIZE), 0, 0)
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, size)

    def read(self) -> bytes:
        """Return what there is; nothing now, or (`is_at_end`) nothing ever again."""
        parts: list[bytes] = []
        size = 0
        while size < _LARGEST_OUTPUT:
            try:
                part = os.read(self.file, _LARGEST_OUTPUT - size)
            except BlockingIOError:
                break
            except OSError:  # EIO: nobody has it open any more
                part = b""
            if not part:
                self.is_at_end = True
                break
            parts.append(part)
            size += len(part)
        return b"".join(parts)

    def write(self, data: bytes) -> None:
        self._input += data
        self.push()

    def push(self) -> None:
        """Hand on as much of the input as the terminal takes."""
        try:
            while self._input:
                del self._input[: os.write(self.file, self._input)]
        except BlockingIOError:
            return
        except OSError:  # EIO: nobody will read it
            self._input.clear()

    def ended(self, child: int, wait_status: int) -> None:
        """Hear of a process that has ended, which may be another's."""
        if child == self._child:
            code = os.waitstatus_to_exitcode(wait_status)
            self.exit_code = code if code >= 0 else 128 - code

    def hang_up(self) -> None:
        """Tell whoever would notice that somebody hung up."""
        leader = self._child if self.exit_code is None else None
        self._hung_up |= {group for group in (leader, self._foreground()) if group is not None}
        self._send(signal.SIGHUP)
        self._send(signal.SIGCONT)  # a stopped one notices nothing

    def kill(self) -> None:
        """Kill whoever did not take the hint; what asked to be spared a hang-up lives on in the background."""
        self._send(signal.SIGKILL)

    @property
    def is_deserted(self) -> bool:
        """Whether nobody is left of those who were hung up on."""
        return self.exit_code is not None and not self._send(0)

    def close(self) -> None:
        os.close(self.file)

    def _foreground(self) -> int | None:
        try:
            return os.tcgetpgrp(self.file) or None
        except OSError:
            return None

    def _send(self, number: int) -> bool:
        """Return whether anybody was there to hear it."""
        heard = False
        for group in self._hung_up:
            try:
                os.killpg(group, number)
                heard = True
            except (ProcessLookupError, PermissionError):
                continue
        return heard


def _become_command(argv: Sequence[str], environment: Mapping[bytes, bytes]) -> None:
    try:
        if sys.platform == "linux":
            attributes = termios.tcgetattr(0)
            attributes[0] |= _IUTF8
            termios.tcsetattr(0, termios.TCSANOW, attributes)
        # as AWS's agent says it; the client's own comes after
        surroundings = {b"LANG": b"C.UTF-8", **environment, b"TERM": b"xterm-256color"}
        become([os.fsencode(word) for word in argv], surroundings)
    finally:
        os._exit(127)
