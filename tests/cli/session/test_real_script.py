"""The script that the home wraps around a command, in a real terminal, with our client at the other end."""

import os
import pty
import signal
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from chalicelib.domain.session import session_argv
from tests.cli.session.conftest import AtTerminal, BetweenPipes
from tests.cli.session.far_end import NONCE, FarEnd

SitsDown = Callable[..., AtTerminal]
Pipes = Callable[..., BetweenPipes]


def runs(command: str, *, on_terminal: bool) -> Callable[[FarEnd], None]:
    """An agent that is a bare pseudo-terminal: what is typed goes in, what comes out is said."""

    def play(end: FarEnd) -> None:
        argv = session_argv(command, NONCE, on_terminal=on_terminal)
        pid, main = pty.fork()
        if pid == 0:
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and it is inherited
            os.execvp(argv[0], argv)
        threading.Thread(target=_type, args=(end, main), daemon=True).start()
        while some := _some(main):
            end.says(some)
        os.waitpid(pid, 0)
        end.until_settled()
        end.closes()

    return play


def _some(main: int) -> bytes:
    try:
        return os.read(main, 1024)
    except OSError:
        return b""


def _type(end: FarEnd, main: int) -> None:
    typed = b""

    def is_more() -> bool:
        return len(end.typed) > len(typed)

    with suppress(OSError, AssertionError):  # it has ended, or nobody types any more
        while True:
            end.until(is_more)
            some = end.typed[len(typed) :][:1024]
            os.write(main, some)
            typed += some


@pytest.mark.parametrize("code", [0, 7, 255])
def test_at_a_terminal(code: int, sits_down: SitsDown) -> None:
    visitor = sits_down(runs(f"read -r name; echo hello $name; exit {code}", on_terminal=True))
    visitor.until_told("ready")
    visitor.types(b"world\r")
    visitor.sees(b"hello world")

    assert visitor.result()["exit_code"] == code
    assert visitor.shown == b"world\r\nhello world\r\n"


def test_what_is_typed_ahead_does_not_spoil_the_end(sits_down: SitsDown) -> None:
    visitor = sits_down(runs("echo go; sleep 0.5; exit 3", on_terminal=True))
    visitor.sees(b"go")
    visitor.types(b"half a line")

    assert visitor.result()["exit_code"] == 3


@pytest.mark.parametrize("size", [0, 1, 3, 100_001])
def test_between_pipes(size: int, pipes: Pipes) -> None:
    data = os.urandom(size)
    visitor = pipes(runs("cat; exit 4", on_terminal=False))

    assert visitor.reads_all(data)[0] == data
    assert visitor.result()["exit_code"] == 4


def test_a_command_that_reads_only_some_of_much_input(pipes: Pipes) -> None:
    visitor = pipes(runs("head -c 3", on_terminal=False))

    assert visitor.reads_all(b"abc" + os.urandom(1_000_000))[0] == b"abc"
    assert visitor.result()["exit_code"] == 0


def test_a_command_that_reads_nothing_while_the_input_stays_open(pipes: Pipes) -> None:
    visitor = pipes(runs("echo done; exit 4", on_terminal=False))

    assert visitor.result()["exit_code"] == 4


def test_ctrl_c_reaches_a_command_between_pipes(pipes: Pipes) -> None:
    visitor = pipes(
        runs("trap 'echo caught; exit 9' INT; echo on; while :; do sleep 0.05; done", on_terminal=False)
    )
    assert visitor.process.stdout is not None
    assert visitor.process.stdout.readline() == b"on\n"
    visitor.interrupts()

    assert visitor.process.stdout.read() == b"caught\n"
    assert visitor.result()["exit_code"] == 9
