"""A command between pipes inside a container, which its client takes for one on a terminal.

Clients speak to a script on a terminal (chalicelib.domain.session_script), as sessions of AWS have nothing else. An
engine has pipes, and Podman's monitor gets stuck on a terminal that is written to before it was read. So here the agent
itself says what the script would, and the command has pipes of the engine's.
"""

import base64
import binascii
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from threading import Event, Thread

from tapit.session.command_input import BLOCK, END_OF_FILE

from chalicelib.domain.session_script import is_piped
from local.docker_driver.exec_terminal import NUMBER, ContainerAddress, ExecTerminal, exit_code_of, run_in
from local.session_agent.terminal import Terminal

MOST_WAITING = 1024 * 1024  # more than a client has on its way: Ctrl-C comes through whatever waits
_CHUNK = 65536
_HEADER = 8  # bytes before each piece of output; the last four are its length
_INTERRUPT = b"\x03"
_STDOUT = 1  # ... the first of them says which pipe it is from
# It begins when it is told to. One pipe for both outputs keeps their order, and the other one says that it is over.
# Podman loses output that it has not read yet when input is left, and complains on standard error: so all is taken.
_BEGINS = """echo "$$"
read -r _ || exit 125
trap : INT QUIT TERM
exec 3>&2 2>/dev/null
( exec "$@" 2>&1 3>&- )
s=$?
echo over >&3
cat >/dev/null || while read -r _; do :; done
exit "$s"
"""
# Without a terminal it leads no group, so whoever comes from it is looked for until there is nobody new.
_ALL_OF = """all=%d known=
while [ "$all" != "$known" ]; do
known=$all
for f in /proc/[0-9]*/stat; do
read -r l <"$f" || continue
r=${l##*) } r=${r#* }
case " $all " in *" ${l%%%% *} "*) ;; *" ${r%%%% *} "*) all="$all ${l%%%% *}";; esac
done
done 2>/dev/null
"""


def terminal_in(
    address: ContainerAddress, argv: Sequence[str], _environment: Mapping[bytes, bytes]
) -> Terminal:
    """Raise OSError when the engine has none to give."""
    return PipedExec(address, argv) if is_piped(argv) else ExecTerminal(address, argv)


class PipedExec(ExecTerminal):
    """Its line leads to the conversation, which threads of its own lead: each side waits for one thing at a time."""

    def _begin(self, argv: Sequence[str]) -> tuple[str, socket.socket]:
        nonce, command = argv[4], argv[6:]
        made, pipes = run_in(self._address, _BEGINS, command, tty=False)
        pipes.settimeout(None)
        near, far = socket.socketpair()
        self._conversation = _Conversation(
            far, pipes, nonce.encode(), lambda: exit_code_of(self._address, made)
        )
        self._conversation.begin()
        return made, near

    @property
    def has_room(self) -> bool:
        return len(self._input) < MOST_WAITING

    def write(self, data: bytes) -> None:
        if _INTERRUPT in data:
            self.signal("INT")
        super().write(data.replace(_INTERRUPT, b""))

    def resize(self, columns: int, rows: int) -> None:
        """There is no window."""

    def _told(self, process: int, names: Sequence[str]) -> str:
        return _ALL_OF % process + "; ".join(f"kill -{name} $all" for name in names)

    def hang_up(self) -> None:
        super().hang_up()
        self._conversation.leave()

    def kill(self) -> None:
        super().kill()
        self._conversation.break_off()


class _Conversation:
    def __init__(
        self,
        client: socket.socket,
        command: socket.socket,
        nonce: bytes,
        exit_code: Callable[[], int | None],
    ) -> None:
        self._client = client
        self._command = command
        self._nonce = nonce
        self._exit_code = exit_code
        self._is_wanted = False
        self._may_begin = Event()
        self._listener = Thread(target=self._listen, daemon=True)

    def begin(self) -> None:
        self._listener.start()
        Thread(target=self._speak, daemon=True).start()

    def leave(self) -> None:
        """Nobody answers any more."""
        _shut(self._client, socket.SHUT_RD)

    def break_off(self) -> None:
        """Nobody is heard any more either."""
        _shut(self._client, socket.SHUT_RDWR)
        _shut(self._command, socket.SHUT_RDWR)

    def _speak(self) -> None:
        """At its end nobody may go on waiting: closing alone wakes neither the listener nor the client before it."""
        with suppress(OSError):  # the client is gone
            self._tell()
        self.break_off()
        self._listener.join()
        self._client.close()
        self._command.close()

    def _tell(self) -> None:
        output = _pieces(self._command)
        if not self._tell_number(output):
            return
        self._say("start", 0)
        self._may_begin.wait()
        if not self._is_wanted:
            return
        self._say("begin", 1)
        for pipe, some in output:
            if pipe == _STDOUT:
                self._client.sendall(base64.encodebytes(some))
            else:
                _shut(self._command, socket.SHUT_WR)
        self._say("done", 0)
        code = self._exit_code()
        if code is not None:
            self._say("exit", code)
            _shut(self._command, socket.SHUT_RDWR)  # what it has not read, nobody will
            self._listener.join()

    def _tell_number(self, output: Iterator[tuple[int, bytes]]) -> bool:
        """Return whether there is one; whatever comes before it says why not."""
        said = b""
        for _, some in output:
            self._client.sendall(some)
            said += some
            if NUMBER.search(said):
                return True
        return False

    def _say(self, kind: str, value: int) -> None:
        self._client.sendall(b"\x1b]777;tapit-%s;%s;%d\x1b\\" % (kind.encode(), self._nonce, value))

    def _listen(self) -> None:
        """A first line begins the command. Then input comes in blocks: a line `+`, lines of base64, an end of file; one
        where a block might begin ends it.
        """
        said = _lines(self._client)
        self._is_wanted = next(said, None) is not None
        if self._is_wanted:
            self._pass_on(b"\n")
        self._may_begin.set()
        line = next(said, None)
        while line is not None and line + b"\n" == BLOCK:
            self._feed(said)
            line = next(said, None)
        _shut(self._command, socket.SHUT_WR)
        while line is not None and line != self._nonce:
            line = next(said, None)

    def _feed(self, said: Iterator[bytes]) -> None:
        block = bytearray()
        for line in said:
            if line != END_OF_FILE:
                with suppress(binascii.Error):
                    block += base64.b64decode(line)
            if line == END_OF_FILE or len(block) >= _CHUNK:
                self._pass_on(block)
                block.clear()
            if line == END_OF_FILE:
                return

    def _pass_on(self, some: bytes | bytearray) -> None:
        """What nobody reads any more is let go."""
        with suppress(OSError):
            self._command.sendall(some)


def _lines(client: socket.socket) -> Iterator[bytes]:
    """Yield lines as a terminal gives them; an END_OF_FILE is one of its own."""
    rest = b""
    while some := _received(client, _CHUNK):
        *lines, rest = (rest + some).replace(END_OF_FILE, END_OF_FILE + b"\n").split(b"\n")
        yield from lines


def _pieces(command: socket.socket) -> Iterator[tuple[int, bytes]]:
    """Yield what comes, and from which pipe."""
    while header := _whole(command, _HEADER):
        yield header[0], _whole(command, int.from_bytes(header[4:], "big"))


def _whole(command: socket.socket, size: int) -> bytes:
    said = b""
    while len(said) < size and (some := _received(command, size - len(said))):
        said += some
    return said


def _shut(line: socket.socket, how: int) -> None:
    with suppress(OSError):  # it is shut
        line.shutdown(how)


def _received(line: socket.socket, size: int) -> bytes:
    """Whoever has hung up says nothing more."""
    try:
        return line.recv(size)
    except OSError:
        return b""
