"""Marks in a command's output: never shown, never missed, and nothing else is held back for them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tapit.session.marks import MOST_WITHHELD, Mark, Marks

from tests.cli.session.far_end import NONCE, mark

OTHER = "fedcba9876543210"


def heard(marks: Marks, *pieces: bytes) -> tuple[bytes, list[tuple[str, str]]]:
    """The output and the marks."""
    output, found = b"", []
    for piece in pieces:
        for each in marks.feed(piece):
            if isinstance(each, Mark):
                found.append((each.kind, each.value))
            else:
                output += each
    return output, found


def begun() -> Marks:
    marks = Marks(NONCE)
    heard(marks, mark("start") + mark("begin"))
    return marks


def test_marks_split_at_every_point_are_found_and_the_output_is_whole() -> None:
    whole = (
        b"noise"
        + mark("start")
        + b"\r\n"
        + mark("begin")
        + b"a\x1b[1mb"
        + mark("done", 0)
        + b"c"
        + mark("exit", 7)
    )
    whole += b"later"
    for at in range(len(whole) + 1):
        marks = Marks(NONCE)

        output, found = heard(marks, whole[:at], whole[at:])

        assert output == b"a\x1b[1mbc", at
        assert found == [("start", "0"), ("begin", "0"), ("done", "0"), ("exit", "7")], at
        assert marks.withheld == b"noise\r\n"


def test_every_exit_code_is_found_after_output_that_begins_like_a_mark() -> None:
    for code in range(256):
        whole = b"a\x1b" + mark("exit", code)

        assert heard(begun(), whole) == (b"a\x1b", [("exit", str(code))])


def test_marks_are_found_byte_by_byte() -> None:
    whole = mark("start") + mark("begin") + b"a" + mark("exit", 255)

    output, found = heard(Marks(NONCE), *(bytes([byte]) for byte in whole))

    assert (output, found[-1]) == (b"a", ("exit", "255"))


def test_a_mark_of_another_session_is_output() -> None:
    foreign = mark("exit", 3, nonce=OTHER)

    assert heard(begun(), foreign) == (foreign, [])


@pytest.mark.parametrize(
    "text",
    [
        b"\x1b]777;tapit-end;%s;0\x1b\\" % NONCE.encode(),
        b"\x1b]777;tapit-exit;%s;1234\x1b\\" % NONCE.encode(),
        b"\x1b]777;tapit-exit;%s;1\x07" % NONCE.encode(),
        b"\x1b]0;a title\x1b\\",
        b"\x1b\x1b\x1b[0m",
    ],
)
def test_what_only_looks_like_a_mark_is_output_at_once(text: bytes) -> None:
    for at in range(len(text)):
        assert heard(begun(), text[:at], text[at:]) == (text, [])


def test_a_mark_without_a_value_is_a_mark() -> None:
    """The shell that should have told the exit code was killed."""
    assert heard(begun(), b"\x1b]777;tapit-exit;%s;\x1b\\" % NONCE.encode()) == (b"", [("exit", "")])


def test_bytes_that_no_mark_begins_with_are_handed_on_at_once() -> None:
    marks = begun()

    assert heard(marks, b"prompt> \x1b[") == (b"prompt> \x1b[", [])
    assert heard(marks, b"\x1b]777;tap") == (b"", [])
    assert heard(marks, b"e") == (b"\x1b]777;tape", [])


def test_an_escape_at_the_end_of_the_output_is_not_lost_when_no_more_comes() -> None:
    marks = begun()
    assert heard(marks, b"x\x1b") == (b"x", [])

    assert marks.end() == b"\x1b"
    assert marks.end() == b""


def test_of_what_comes_before_the_beginning_the_last_is_kept() -> None:
    marks = Marks(NONCE)

    assert heard(marks, b"a" * MOST_WITHHELD + b"sh: not found") == (b"", [])
    assert len(marks.withheld) == MOST_WITHHELD
    assert marks.withheld.endswith(b"sh: not found")


pieces = st.lists(
    st.binary(max_size=6)
    | st.sampled_from(
        [b"\x1b", b"\x1b]777;tapit-", b"\x1b]777;tapit-exit;", b"\x1b\\", mark("exit", 1, nonce=OTHER)]
    )
)


@given(pieces, st.lists(st.integers(0, 200), max_size=8))
def test_any_output_without_marks_is_handed_on_exactly(parts: list[bytes], cuts: list[int]) -> None:
    text = b"".join(parts)
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    marks = begun()

    output, found = heard(marks, *(text[a:b] for a, b in pairwise(edges)))

    assert output + marks.end() == text
    assert found == []
