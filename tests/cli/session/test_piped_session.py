"""A session between pipes, whose other end is scripted: exact bytes, and no more memory than needed."""

import base64
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from threading import Event

import pytest
from tapit.session import frames

from tests.cli.session.conftest import BetweenPipes
from tests.cli.session.far_end import NONCE, FarEnd, mark

Pipes = Callable[..., BetweenPipes]
EVERY_BYTE = bytes(range(256))


def input_of(end: FarEnd) -> bytes:
    """What was typed until the end of the input, decoded block by block."""
    end.until(lambda: end.typed == b"\x04" or end.typed.endswith(b"\x04\x04"), "the end of the input")
    return b"".join(map(decoded, end.typed.split(b"\x04")[:-2]))


def decoded(block: bytes) -> bytes:
    sign, *lines = block.splitlines(keepends=True)
    assert sign == b"+\n"
    assert all(line.endswith(b"\n") and len(line) <= 513 for line in lines)
    assert not any(b"=" in line for line in lines[:-1])
    return b"".join(base64.b64decode(line, validate=False) for line in lines)


def echoes(end: FarEnd) -> None:
    end.begins(encoded=1)
    end.says_encoded(input_of(end))
    end.exits(0)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 383, 384, 385, 100_003])
def test_input_of_any_size_comes_back_as_it_went(size: int, pipes: Pipes) -> None:
    data = (EVERY_BYTE * (size // 256 + 1))[:size]
    visitor = pipes(echoes)

    assert visitor.reads_all(data) == (data, b"")
    assert visitor.result()["exit_code"] == 0


def test_output_is_exact_to_the_last_byte(pipes: Pipes) -> None:
    data = os.urandom(3_000_000)

    def play(end: FarEnd) -> None:
        end.begins(encoded=1)
        end.says_encoded(data)
        end.exits(9)

    visitor = pipes(play)
    assert visitor.reads_all()[0] == data
    assert visitor.result()["exit_code"] == 9


def test_output_is_passed_on_line_by_line_however_it_was_cut(pipes: Pipes) -> None:
    def play(end: FarEnd) -> None:
        end.begins(encoded=1)
        for some in (b"YQ==\n", b"Y", b"m", b"M=\nZ", b"GVm\n"):
            end.says(some)
        end.hears(b"\x04")
        end.exits(0)

    visitor = pipes(play)
    assert visitor.process.stdout is not None
    assert visitor.process.stdout.read(6) == b"abcdef"
    visitor.reads_all()
    assert visitor.result()["kind"] == "Ended"


def test_what_the_script_itself_has_to_say_comes_out_on_stderr(pipes: Pipes) -> None:
    def play(end: FarEnd) -> None:
        end.begins(encoded=1)
        end.says(b"YWJj\nsh: 7: Cannot fork\nZGVm\n")
        end.exits(2)

    assert pipes(play).reads_all() == (b"abcdef", b"sh: 7: Cannot fork\n")


def test_each_piece_of_input_is_sent_as_a_block_of_its_own(pipes: Pipes) -> None:
    def play(end: FarEnd) -> None:
        end.begins()
        end.hears(b"+\n" + base64.b64encode(b"abcd") + b"\n\x04")
        end.says(b"ok")
        end.hears(b"+\n" + base64.b64encode(b"efg") + b"\n\x04\x04")
        end.exits(0)

    visitor = pipes(play)
    visitor.writes(b"abcd")
    assert visitor.process.stdout is not None
    assert visitor.process.stdout.read(2) == b"ok"

    visitor.reads_all(b"efg")
    assert visitor.result()["kind"] == "Ended"


def test_a_command_that_is_done_ends_its_input_though_ours_goes_on(pipes: Pipes) -> None:
    def play(end: FarEnd) -> None:
        end.begins()
        end.says(b"out" + mark("done"))
        end.hears(b"\x04")
        end.exits(2)

    visitor = pipes(play)

    assert visitor.result()["exit_code"] == 2


def test_input_waits_when_the_other_end_takes_none(pipes: Pipes) -> None:
    def play(end: FarEnd) -> None:
        end.says(mark("start"))
        end.hears(b"\n")
        end.is_deaf = True
        end.says(mark("begin"))

    visitor = pipes(play)
    assert visitor.process.stdin is not None
    os.set_blocking(visitor.process.stdin.fileno(), False)
    visitor.until_told("ready")
    taken = 0
    while some := _written(visitor.process.stdin.fileno()):
        taken += some
        assert taken < 1_000_000
        visitor.far_end.says(b"x")  # once it is acknowledged, the visitor has had a look at its input
        visitor.far_end.until_settled()


def _written(file: int) -> int:
    """How much the pipe took until it was full."""
    written = 0
    with suppress(BlockingIOError):
        while written < 1_000_000:
            written += os.write(file, bytes(4096))
    return written


def test_a_slow_reader_holds_the_other_end_back_and_gets_every_byte(pipes: Pipes) -> None:
    data = os.urandom(1024) * 40_000
    has_said_all = Event()

    def play(end: FarEnd) -> None:
        end.begins(encoded=1)
        end.says_encoded(data)
        has_said_all.set()
        end.exits(0)

    visitor = pipes(play)
    visitor.until(lambda: has_said_all.is_set() or visitor.far_end.unacknowledged_bytes > 1_000_000)

    assert visitor.reads_all()[0] == data
    assert visitor.result()["exit_code"] == 0
    assert visitor.most_memory < 60_000_000


def test_a_reader_that_goes_away_ends_it_as_a_closed_pipe(pipes: Pipes) -> None:
    def play(end: FarEnd) -> None:
        end.begins()
        end.says(b"y\n")
        end.until(lambda: end.typed != b"", "the end of the input")
        end.says_much(b"y\n" * 100_000)

    visitor = pipes(play)
    assert visitor.process.stdout is not None
    assert visitor.process.stdin is not None
    assert visitor.process.stdout.read(2) == b"y\n"
    visitor.process.stdout.close()
    visitor.process.stdin.close()

    assert visitor.result() == {"kind": "Left", "signal": signal.SIGPIPE}


def test_ctrl_c_goes_to_the_command(pipes: Pipes) -> None:
    def play(end: FarEnd) -> None:
        end.begins()
        end.hears(b"\x03")
        end.exits(9)

    visitor = pipes(play)
    visitor.until_told("ready")
    visitor.interrupts()

    assert visitor.result()["exit_code"] == 9


def test_four_times_ctrl_c_leaves(pipes: Pipes) -> None:
    visitor = pipes(lambda end: end.begins())
    visitor.until_told("ready")
    for _ in range(3):
        visitor.interrupts()
        visitor.far_end.hears(b"\x03")
    visitor.interrupts()

    assert visitor.result() == {"kind": "Left", "signal": signal.SIGINT}
    assert visitor.far_end.typed == b""


def test_a_second_stream_comes_out_on_stderr(pipes: Pipes) -> None:
    def play(end: FarEnd) -> None:
        end.begins()
        end.says(b"err\n", frames.STDERR)
        end.says(b"out\n")
        end.exits(0)

    assert pipes(play).reads_all() == (b"out\n", b"err\n")


def test_a_lost_connection_loses_no_byte_either_way(pipes: Pipes) -> None:
    data = os.urandom(200_000)

    def play(end: FarEnd) -> None:
        end.begins(encoded=1)
        end.until(lambda: len(end.typed) > 50_000, "some input")
        end.breaks()
        got = input_of(end)
        end.says_encoded(got[:100_000])
        end.breaks()
        end.says_encoded(got[100_000:])
        end.exits(0)

    visitor = pipes(play)

    assert visitor.reads_all(data)[0] == data
    assert visitor.result()["kind"] == "Ended"


def test_output_that_comes_with_the_end_is_shown(pipes: Pipes) -> None:
    def play(end: FarEnd) -> None:
        end.begins()
        end.says(b"last words" + mark("exit", 1) + b"noise\r\n" + NONCE.encode())
        end.hears(NONCE.encode() + b"\n")
        end.closes()

    assert pipes(play).reads_all()[0] == b"last words"


def test_a_session_that_breaks_off_shows_all_that_came(pipes: Pipes) -> None:
    def play(end: FarEnd) -> None:
        end.begins()
        end.says(b"half a mark \x1b]777;tapit-")
        end.until_settled()
        end.closes("")

    visitor = pipes(play)

    assert visitor.reads_all()[0] == b"half a mark \x1b]777;tapit-"
    assert visitor.result()["kind"] == "HungUp"
