"""What is typed goes to the command as it is, but for the ways to leave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tapit.session.escapes import Escapes


def typed(*keys: bytes) -> tuple[bytes, bool]:
    """All that was passed on, and whether it leaves."""
    escapes = Escapes()
    return b"".join(escapes.passed_on(key, 0.0) for key in keys), escapes.leaves


@pytest.mark.parametrize(
    ("keys", "passed_on", "leaves"),
    [
        (b"~.", b"", True),
        (b"ls\r~.rest", b"ls\r", True),
        (b"ls\n~.", b"ls\n", True),
        (b"a~.", b"a~.", False),
        (b"~~.", b"~.", False),
        (b"\r~~\r~.", b"\r~\r", True),
        (b"~x", b"~x", False),
        (b"~\r~.", b"~\r", True),
        (b"~", b"", False),
        (b"~~", b"~", False),
        (b"\xc5\xbe\x00\xff", b"\xc5\xbe\x00\xff", False),
    ],
)
def test_keys(keys: bytes, passed_on: bytes, *, leaves: bool) -> None:
    assert typed(keys) == (passed_on, leaves)
    assert typed(*(bytes([key]) for key in keys)) == (passed_on, leaves)


def test_a_tilde_after_enter_waits_for_the_next_key_only() -> None:
    escapes = Escapes()

    assert escapes.passed_on(b"~", 0.0) == b""
    assert escapes.passed_on(b"/", 9.0) == b"~/"


def test_four_times_ctrl_c_within_a_second_leaves() -> None:
    escapes = Escapes()

    for now in (0.0, 0.3, 0.6):
        assert escapes.passed_on(b"\x03", now) == b"\x03"
        assert not escapes.leaves
    escapes.passed_on(b"\x03", 1.0)
    assert escapes.leaves


def test_four_times_ctrl_c_in_more_than_a_second_does_not_leave() -> None:
    escapes = Escapes()
    for number in range(12):
        escapes.passed_on(b"\x03", number * 0.4)

    assert not escapes.leaves


@given(st.lists(st.binary(max_size=5)))
def test_without_tildes_and_ctrl_c_nothing_changes(keys: list[bytes]) -> None:
    harmless = [key.replace(b"~", b"-").replace(b"\x03", b"-") for key in keys]

    assert typed(*harmless) == (b"".join(harmless), False)
