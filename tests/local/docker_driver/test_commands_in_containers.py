"""What runs inside a container for a session, when its engine or its client does not keep to the usual course."""

import select
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chalicelib.domain.session_script import session_argv
from local.docker_driver.exec_terminal import ExecTerminal
from local.docker_driver.piped_exec import terminal_in
from tests.local.docker_driver.engine_of_execs import EngineOfExecs, engine_of_execs
from tests.local.supervisor.supervised_task import GENEROUS, until

NONCE = "n0nce"
START, BEGIN, DONE = (f"\x1b]777;tapit-{kind};{NONCE};".encode() for kind in ("start", "begin", "done"))


def exit_mark(code: int) -> bytes:
    return f"\x1b]777;tapit-exit;{NONCE};{code}\x1b\\".encode()


def framed(said: bytes, stream: int = 1) -> bytes:
    return struct.pack(">BxxxL", stream, len(said)) + said


class Command:
    """A command, between the engine that runs it and the session that it is for."""

    def __init__(self, engine: EngineOfExecs, *, on_terminal: bool) -> None:
        self.engine = engine
        self.terminal = terminal_in(engine.address, session_argv("true", NONCE, on_terminal=on_terminal), {})
        self.line = engine.line
        self.heard = b""

    def says(self, said: bytes) -> None:
        is_on_terminal = type(self.terminal) is ExecTerminal
        self.line.sendall(said if is_on_terminal else framed(said))

    def is_cut_off(self) -> None:
        self.line.close()

    def hears(self, sign: Callable[[], object]) -> None:
        """Serve the session until there is a sign."""
        while not sign():
            assert select.select([self.terminal.file], [], [], GENEROUS)[0], self.heard
            self.heard += self.terminal.read()

    def hears_mark(self, mark: bytes) -> None:
        self.hears(lambda: mark in self.heard)

    def is_given(self) -> bytes:
        """Return all of its input, once that has ended."""
        given = b""
        while some := self.line.recv(65536):
            given += some
        return given

    def hears_its_end(self) -> int | None:
        self.hears(lambda: self.terminal.is_at_end)
        return self.terminal.exit_code

    def close(self) -> None:
        self.terminal.kill()
        self.terminal.close()
        self.line.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineOfExecs]:
    with engine_of_execs(tmp_path / "engine") as engine:
        yield engine


@pytest.fixture
def piped(engine: EngineOfExecs) -> Iterator[Command]:
    command = Command(engine, on_terminal=False)
    yield command
    command.close()


@pytest.fixture(params=[True, False], ids=["terminal", "pipes"])
def command(engine: EngineOfExecs, request: pytest.FixtureRequest) -> Iterator[Command]:
    command = Command(engine, on_terminal=request.param)
    yield command
    command.close()


def test_one_that_is_over_before_it_has_begun_keeps_nobody_waiting(command: Command) -> None:
    command.engine.exit_code = 137
    command.is_cut_off()

    assert command.hears_its_end() == 137


def test_what_a_command_without_a_number_said_is_handed_on(command: Command) -> None:
    command.engine.exit_code = 126
    command.says(b"no such file: /bin/sh\n")
    command.is_cut_off()

    assert command.hears_its_end() == 126
    assert command.heard == b"no such file: /bin/sh\n"


def test_a_shell_may_complain_before_it_says_its_number(command: Command) -> None:
    command.says(b"sh: warning: cannot change locale\n7")
    command.says(b"\nmore\n")
    command.hears(lambda: b"more" in command.heard or START in command.heard)

    command.terminal.write(b"\x03")
    command.terminal.hang_up()

    assert command.heard.startswith(b"sh: warning: cannot change locale\n")
    assert b"7\n" not in command.heard
    assert "7" in "".join(command.engine.told)


def test_ctrl_c_before_the_number_is_known_is_sent_when_it_is(piped: Command) -> None:
    piped.terminal.write(b"\x03\x03")
    assert piped.engine.told == []

    piped.says(b"7\n")
    piped.hears_mark(START)

    (told,) = piped.engine.told
    assert told.startswith("all=7 ")
    assert told.endswith("kill -INT $all")


def test_who_hung_up_before_the_number_is_known_is_known_to_have(command: Command) -> None:
    command.terminal.hang_up()
    command.says(b"7\n")
    command.hears(lambda: command.engine.told)

    (told,) = command.engine.told
    assert "kill -HUP" in told
    assert "kill -CONT" in told


def test_what_is_to_be_killed_on_a_terminal_is_awaited_until_it_can_be(engine: EngineOfExecs) -> None:
    command = Command(engine, on_terminal=True)
    command.terminal.hang_up()
    command.terminal.kill()
    assert not command.terminal.is_deserted

    command.says(b"7\r\n")
    command.hears(lambda: command.terminal.is_deserted)

    assert engine.told[0].endswith("kill -KILL -7 7")
    command.close()


def test_what_was_hung_up_on_before_it_began_never_does(piped: Command) -> None:
    piped.says(b"7\n")
    piped.hears_mark(START)

    piped.terminal.hang_up()

    assert piped.line.recv(100) == b""
    piped.engine.exit_code = 125
    piped.hears_its_end()
    assert BEGIN not in piped.heard


def test_what_is_killed_without_a_number_is_let_go(piped: Command) -> None:
    piped.terminal.kill()

    assert piped.line.recv(100) == b""


def test_how_it_ended_is_told_when_ctrl_c_came_before_it_began(piped: Command) -> None:
    piped.says(b"7\n")
    piped.hears_mark(START)
    piped.engine.exit_code = 130
    piped.is_cut_off()

    piped.terminal.write(b"\n")
    piped.hears_mark(exit_mark(130))


def test_how_it_ended_is_not_told_when_nobody_knows(piped: Command) -> None:
    piped.says(b"7\n")
    piped.hears_mark(START)
    piped.terminal.write(b"\n")
    piped.hears_mark(BEGIN)
    piped.engine.shutdown()
    piped.engine.server_close()  # it was killed
    piped.is_cut_off()

    piped.hears_its_end()

    assert b"tapit-exit" not in piped.heard


def test_what_the_engine_complains_of_is_no_output_and_input_ends_with_the_command(piped: Command) -> None:
    piped.says(b"7\n")
    piped.hears_mark(START)
    piped.terminal.write(b"\n")
    piped.hears_mark(BEGIN)
    piped.heard = b""

    piped.line.sendall(framed(b"over\n", 2) + framed(b"Error: connection reset by peer\n", 2))

    assert piped.line.recv(100) == b"\n"
    assert piped.line.recv(100) == b""
    piped.engine.exit_code = 0
    piped.is_cut_off()
    piped.hears_mark(exit_mark(0))
    assert piped.heard.startswith(DONE)


def test_a_command_without_input_begins_before_its_input_ends(engine: EngineOfExecs) -> None:
    for _ in range(20):
        command = Command(engine, on_terminal=False)
        command.says(b"7\n")
        command.hears_mark(START)

        command.terminal.write(b"\n\x04")

        assert command.is_given() == b"\n"
        command.close()


def test_input_that_nobody_takes_any_more_does_not_hold_up_the_end(piped: Command) -> None:
    piped.says(b"7\n")
    piped.hears_mark(START)
    piped.terminal.write(b"\n+\n" + b"A" * 512 * 1024 + b"\n\x04")
    piped.hears_mark(BEGIN)
    until(lambda: _push(piped))
    piped.engine.exit_code = 0
    piped.line.shutdown(socket.SHUT_WR)
    piped.hears_mark(exit_mark(0))

    piped.terminal.write(f"\n{NONCE}\n".encode())
    until(lambda: _push(piped))

    assert piped.hears_its_end() == 0


def _push(command: Command) -> bool:
    """Say whether all of the input is taken."""
    command.terminal.push()
    return not command.terminal.has_input
