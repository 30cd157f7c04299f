"""What a container prints comes whole, however its frames are cut, and whoever reads it or not."""

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.docker_driver.container_output import ContainerOutput


class Line:
    """The engine's end of the line, and the reader's of the output."""

    def __init__(self) -> None:
        self.engine, self._ours = socket.socketpair()
        self.reading, writing = os.pipe()
        os.set_blocking(self.reading, False)
        self.output = ContainerOutput(self._ours, writing)
        os.close(writing)

    def read(self) -> bytes:
        try:
            return os.read(self.reading, 1 << 20)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        self.engine.close()
        self._ours.close()
        os.close(self.reading)
        os.close(self.output.source)


@contextmanager
def a_line() -> Iterator[Line]:
    line = Line()
    try:
        yield line
    finally:
        line.close()


@pytest.fixture
def line() -> Iterator[Line]:
    with a_line() as line:
        yield line


def frame(payload: bytes, stream: int = 1) -> bytes:
    return struct.pack(">BxxxL", stream, len(payload)) + payload


@given(payloads=st.lists(st.binary(max_size=50), max_size=8), cuts=st.lists(st.integers(1, 20), min_size=1))
def test_frames_may_be_cut_anywhere(payloads: list[bytes], cuts: list[int]) -> None:
    said = b"".join(frame(payload, 1 + index % 2) for index, payload in enumerate(payloads))
    with a_line() as line:
        turn = 0
        while said:
            cut = cuts[turn % len(cuts)]
            line.engine.sendall(said[:cut])
            line.output.hear()
            said, turn = said[cut:], turn + 1

        assert line.read() == b"".join(payloads)
        assert line.output.taken == sum(map(len, payloads))


def test_the_end_of_the_line_is_the_end_of_the_output_once_all_is_handed_on(line: Line) -> None:
    line.engine.sendall(frame(b"last words"))
    line.engine.close()

    line.output.hear()
    assert not line.output.is_at_end
    line.output.hear()

    assert line.output.is_passed_on
    assert line.read() == b"last words"


def test_what_nobody_reads_is_kept_and_no_more_is_taken(line: Line) -> None:
    much = bytes(range(256)) * 1024  # four times what the pipe holds
    line.engine.setblocking(False)
    sent = line.engine.send(frame(much)) - 8
    got = b""
    while len(got) < sent:
        line.output.hear()
        assert not line.output.is_at_end
        got += line.read()

    assert got == much[:sent]


def test_what_was_not_handed_on_at_the_end_is_asked_for(line: Line) -> None:
    much = b"x" * 100_000
    line.engine.setblocking(False)
    assert line.engine.send(frame(much)) == len(much) + 8
    line.engine.close()

    line.output.take_rest()
    line.output.pass_on()
    got = line.read() + line.output.rest()

    assert got == much


def test_another_line_goes_on_where_the_first_broke_off(line: Line) -> None:
    line.engine.sendall(frame(b"one "))
    line.engine.close()
    while not line.output.is_at_end:
        line.output.hear()
    source = line.output.source
    theirs, ours = socket.socketpair()

    line.output.go_on_with(ours)
    theirs.sendall(b"two")
    line.output.hear()

    assert (line.read(), line.output.taken, line.output.source) == (b"one two", 7, source)
    theirs.close()
    ours.close()


def test_a_line_that_breaks_again_and_again_takes_no_more_files(line: Line) -> None:
    def break_off() -> socket.socket:
        line.output.give_up()
        there, ours = socket.socketpair()
        there.close()
        line.output.go_on_with(ours)
        return ours

    break_off()
    before = open_files()
    for _ in range(5):
        last = break_off()

    assert open_files() == before
    last.close()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
