"""How an agent learns from a session's output that its command has ended."""

import pytest

from chalicelib.domain.session_script import session_argv
from local.session_agent.exit_mark import ExitMark

NONCE = "0123456789abcdef"
ARGV = session_argv("true", NONCE, on_terminal=True)
OUTPUT = f"some output\x1b]777;tapit-exit;{NONCE};42\x1b\\".encode()


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_the_mark_is_heard_in_whatever_pieces_it_comes(size: int) -> None:
    mark = ExitMark(ARGV)

    codes = [mark.code_in(OUTPUT[at : at + size]) for at in range(0, len(OUTPUT), size)]

    assert [code for code in codes if code is not None][:1] == [42]


@pytest.mark.parametrize(
    "output", [OUTPUT.replace(b"0123", b"1123"), OUTPUT.replace(b"exit", b"done"), b"", b"x" * 500]
)
def test_nothing_else_is_taken_for_it(output: bytes) -> None:
    assert ExitMark(ARGV).code_in(output) is None


def test_a_session_without_our_script_says_nothing() -> None:
    assert ExitMark(("/bin/echo", "hello")).code_in(OUTPUT) is None
