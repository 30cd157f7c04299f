"""A terminal inside a container, and the command that the engine runs on it."""

import errno
import http.client
import re
import socket
import time
from collections.abc import Sequence
from contextlib import suppress

from local.docker_driver.engine_requests import (
    NO_ENGINE,
    exit_code_of_exec,
    make_exec,
    resize_exec,
    run_detached,
    start_exec,
)

MOST_WAITING = 65536  # bytes of input that the command has not read yet
_LARGEST_OUTPUT = 32768
_COLUMNS, _ROWS = 80, 24  # until the client says its own
_PATIENCE_WITH_THE_END = 5.0  # seconds until an engine knows how a command has ended
_LOOK_EVERY = 0.01
_UNKNOWN_END = 255
# An engine tells no number that means anything inside, and has no way to signal what it runs there.
_SAYS_ITS_NUMBER = 'echo "$$"; exec "$@"'
NUMBER = re.compile(rb"^([0-9]+)\r?\n", re.MULTILINE)  # shells may complain of the image's locale before it
_SURROUNDINGS = (
    "TERM=xterm-256color",
    "LANG=C.UTF-8",
)  # as AWS's agent says it; the client's own comes after


class ContainerAddress:
    def __init__(self, url: str, api_version: str, container: str) -> None:
        self.engine = (url, api_version)
        self.container = container


def run_in(
    address: ContainerAddress, first: str, argv: Sequence[str], *, tty: bool
) -> tuple[str, socket.socket]:
    """Run a shell's line, which then becomes argv; return the command's id and the line to it."""
    wanted = {
        "Cmd": ["/bin/sh", "-c", first, "sh", *argv],
        "Env": list(_SURROUNDINGS),
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": tty,
    }
    made = make_exec(*address.engine, address.container, wanted)
    return made, start_exec(*address.engine, made, tty=tty)


def exit_code_of(address: ContainerAddress, made: str) -> int | None:
    """Wait for an engine that does not know yet what it has just told the end of; None when nobody knows."""
    patience = time.monotonic() + _PATIENCE_WITH_THE_END
    while time.monotonic() < patience:
        try:
            code = exit_code_of_exec(*address.engine, made)
        except NO_ENGINE:
            break
        if code is not None:
            return code
        time.sleep(_LOOK_EVERY)
    return None


class ExecTerminal:
    """A Terminal, as sessions know it."""

    def __init__(self, address: ContainerAddress, argv: Sequence[str]) -> None:
        self._address = address
        self.exit_code: int | None = None
        self.is_at_end = False
        self._input = bytearray()
        self._output = b""
        self._process: int | None = None
        self._is_to_be_killed = False
        self._unsaid: dict[str, None] = {}  # signals that wait for its number
        try:
            self._exec, self._line = self._begin(argv)
        except (http.client.HTTPException, ValueError) as error:
            raise OSError(errno.EIO, str(error)) from error
        self._line.setblocking(False)
        self.file = self._line.fileno()
        self.resize(_COLUMNS, _ROWS)

    def _begin(self, argv: Sequence[str]) -> tuple[str, socket.socket]:
        return run_in(self._address, _SAYS_ITS_NUMBER, argv, tty=True)

    @property
    def has_input(self) -> bool:
        return bool(self._input) and not self.is_at_end

    @property
    def has_room(self) -> bool:
        return len(self._input) < MOST_WAITING

    def resize(self, columns: int, rows: int) -> None:
        with suppress(*NO_ENGINE):  # it looks odd then, and works
            resize_exec(*self._address.engine, self._exec, columns, rows)

    def read(self) -> bytes:
        """Its end is known with the last of the output."""
        self._receive()
        if self._process is None:
            self._take_number()
        if self._process is None and not self.is_at_end and len(self._output) < _LARGEST_OUTPUT:
            return b""
        output, self._output = self._output, b""
        return output

    def _receive(self) -> None:
        while len(self._output) < _LARGEST_OUTPUT and not self.is_at_end:
            try:
                part = self._line.recv(_LARGEST_OUTPUT)
            except BlockingIOError:
                return
            except OSError:  # the engine is gone
                part = b""
            self._output += part
            if not part:
                self.is_at_end = True
                code = exit_code_of(self._address, self._exec)
                self.exit_code = _UNKNOWN_END if code is None else code

    def _take_number(self) -> None:
        found = NUMBER.search(self._output)
        if found is None:
            return
        self._process = int(found[1])
        self._output = self._output[: found.start()] + self._output[found.end() :]
        if self._unsaid:
            self.signal(*self._unsaid)

    def write(self, data: bytes) -> None:
        self._input += data
        self.push()

    def push(self) -> None:
        try:
            while self._input:
                del self._input[: self._line.send(self._input)]
        except BlockingIOError:
            return
        except OSError:  # nobody will read it
            self._input.clear()

    def ended(self, child: int, wait_status: int) -> None:
        """None of the agent's own processes is of the container."""

    def hang_up(self) -> None:
        """As the leader of its session goes, whoever is in front of the terminal is told by the kernel."""
        self.signal("HUP", "CONT")

    def kill(self) -> None:
        self.signal("KILL")
        self._is_to_be_killed = True

    @property
    def is_deserted(self) -> bool:
        is_killed = self._is_to_be_killed and self._process is not None
        return self.exit_code is not None or is_killed

    def close(self) -> None:
        self._line.close()

    def signal(self, *names: str) -> None:
        if self._process is None:
            self._unsaid |= dict.fromkeys(names)
            return
        told = self._told(self._process, names)
        with suppress(*NO_ENGINE):
            run_detached(*self._address.engine, self._address.container, ["/bin/sh", "-c", told])

    def _told(self, process: int, names: Sequence[str]) -> str:
        """On a terminal it leads a group."""
        return "; ".join(f"kill -{name} -{process} {process}" for name in names)
