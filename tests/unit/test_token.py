"""Tokens: what is kept of one never tells its secret."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import Unauthenticated
from chalicelib.domain.token import Rights, Role, Token, is_token_name, new_token, read_token
from chalicelib.http.access import authenticate
from tests.builders import NOON
from tests.home_in_process import HomeInProcess

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


# What somebody sends who wants in: pieces of tokens, put together in any way, and any text at all.
pieces = st.sampled_from(
    ["Bearer ", "bearer ", "tpt_", "_", "0123abcd", "Aa0" * 14 + "x", " ", "\t", "\n", "\0", "é"]
)
any_authorization = st.text(max_size=100) | st.lists(pieces, max_size=8).map("".join)


@given(any_authorization)
def test_whatever_is_sent_is_read_as_one_token_or_none(text: str) -> None:
    read = read_token(text)

    assert read is None or text == f"tpt_{read[0]}_{read[1]}"


@given(any_authorization)
def test_whatever_is_sent_by_who_has_no_token_is_refused_in_our_words(
    inside: HomeInProcess, text: str
) -> None:
    with pytest.raises(Unauthenticated):
        authenticate(inside.services, text)


def test_a_new_token_is_read_back() -> None:
    for _ in range(200):
        token, text = new_token("alice")
        read = read_token(text)
        assert read is not None
        assert (read[0], token.accepts(read[1])) == (token.id, True)


@pytest.mark.parametrize("mine", Role)
@pytest.mark.parametrize("other", Role)
def test_each_role_may_do_what_those_before_it_may(mine: Role, other: Role) -> None:
    assert mine.includes(other) is (list(Role).index(mine) >= list(Role).index(other))


def test_a_token_is_over_from_the_moment_that_it_expires() -> None:
    rights = Rights(expires_at=NOON)

    assert not rights.is_over(NOON - timedelta(microseconds=1))
    assert rights.is_over(NOON)
    assert not Rights().is_over(NOON)


@pytest.mark.parametrize(
    ("mine", "wanted", "reached"),
    [
        (None, None, True),
        (None, ("shop",), True),
        (("shop", "blog"), ("blog",), True),
        (("shop",), ("shop", "blog"), False),
        (("shop",), None, False),
        ((), (), True),
    ],
)
def test_a_choice_of_apps_is_reached_when_each_of_them_is(
    mine: tuple[str, ...] | None, wanted: tuple[str, ...] | None, *, reached: bool
) -> None:
    assert Rights(apps=mine).reaches_all(wanted) is reached


def test_what_a_version_does_not_know_of_a_token_is_not_left_aside() -> None:
    with pytest.raises(ValueError, match="networks"):
        Token.model_validate({"id": "0", "name": "x", "secret_sha256": "0", "networks": ["10.0.0.0/8"]})


@pytest.mark.parametrize("name", ["ci", "alice@example.com", "a", "0", "x" * 64, "deploy_bot-2+test.v1"])
def test_a_name_that_fits_in_a_path_and_a_list_is_one(name: str) -> None:
    assert is_token_name(name)


@pytest.mark.parametrize("name", ["", " ", "-a", ".", "..", "a/b", "a#b", "a b", "x" * 65, "é", "a\n"])
def test_any_other_name_is_none(name: str) -> None:
    assert not is_token_name(name)
