"""A cursor is good for the query and the token it was made for, and for nothing else."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.token import new_token
from chalicelib.http.cursor import seal, unseal

TOKEN, _ = new_token("alice")
OTHER_TOKEN, _ = new_token("alice")
texts = st.text(st.characters(codec="utf-8"), max_size=40)


def opened(cursor: str) -> str | None:
    try:
        return unseal(TOKEN, "tasks", cursor)
    except InvalidRequest:
        return None


@given(texts, texts)
def test_a_cursor_leads_back_to_its_position(query: str, position: str) -> None:
    assert unseal(TOKEN, query, seal(TOKEN, query, position)) == position


def test_no_cursor_is_the_beginning() -> None:
    assert unseal(TOKEN, "tasks", None) is None


@given(texts, texts, texts)
def test_a_cursor_of_another_query_is_refused(query: str, other: str, position: str) -> None:
    assume(query != other)
    with pytest.raises(InvalidRequest):
        unseal(TOKEN, other, seal(TOKEN, query, position))


@given(texts, texts)
def test_a_cursor_of_another_token_is_refused(query: str, position: str) -> None:
    with pytest.raises(InvalidRequest):
        unseal(OTHER_TOKEN, query, seal(TOKEN, query, position))


@given(texts, texts)
def test_a_cursor_for_no_token_is_good_for_its_query_whoever_asks(query: str, position: str) -> None:
    cursor = seal(None, query, position)

    assert unseal(None, query, cursor) == position
    with pytest.raises(InvalidRequest):
        unseal(TOKEN, query, cursor)
    with pytest.raises(InvalidRequest):
        unseal(None, query + "x", cursor)
    with pytest.raises(InvalidRequest):
        unseal(None, query, seal(TOKEN, query, position))


@given(texts, st.data())
def test_a_changed_cursor_is_refused_or_still_says_the_same(position: str, data: st.DataObject) -> None:
    """The last character of base64 may have bits that mean nothing."""
    cursor = seal(TOKEN, "tasks", position)
    at = data.draw(st.integers(0, len(cursor) - 1))
    changed = cursor[:at] + data.draw(st.characters(codec="utf-8")) + cursor[at + 1 :]
    assert opened(changed) in (position, None)


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        unseal(TOKEN, "tasks", text)
