"""Tokens: what is kept of one never tells its secret."""

import pytest

from chalicelib.domain.token import new_token, read_token

TEXT = f"tpt_0123abcd_{'Aa0' * 14}x"


def test_a_real_token_is_read() -> None:
    assert read_token(TEXT) == ("0123abcd", TEXT[-43:])


def test_a_token_accepts_its_own_secret_and_no_other() -> None:
    token, text = new_token("alice")
    _, other = new_token("alice")
    own_parts, other_parts = read_token(text), read_token(other)
    assert own_parts is not None
    assert other_parts is not None

    assert token.accepts(own_parts[1])
    assert not token.accepts(other_parts[1])


def test_the_secret_is_not_kept() -> None:
    token, text = new_token("alice")
    parts = read_token(text)
    assert parts is not None

    assert parts[0] == token.id
    assert parts[1] not in repr(token)


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT[:-1],
        TEXT + "x",
        TEXT + "\n",
        TEXT.replace("tpt_", "tpx_"),
        TEXT[:-1] + "é",
        TEXT.upper(),
    ],
    ids=["empty", "too short", "too long", "newline", "other prefix", "not ASCII", "upper case"],
)
def test_other_text_is_no_token(text: str) -> None:
    assert read_token(text) is None
