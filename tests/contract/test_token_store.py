"""What every store of tokens promises."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chalicelib.domain.token import Token, new_token
from chalicelib.ports import TokenStore
from local.app_store import SqliteTokenStore
from local.database import Database

Adding = tuple[TokenStore, Callable[[Token], None]]


@pytest.fixture(params=["sqlite"])
def adding(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Adding]:
    """A store, and this home's own way of adding to it."""
    database = Database(tmp_path / "tapit.db")
    store = SqliteTokenStore(database)
    yield store, store.add
    database.close()


def test_a_token_is_found_by_its_id_alone(adding: Adding) -> None:
    store, add = adding
    one, _ = new_token("alice")
    other, _ = new_token("bob")
    add(one)
    add(other)

    assert (store.find(one.id), store.find(other.id)) == (one, other)


def test_an_unknown_id_finds_nothing(adding: Adding) -> None:
    store, _ = adding

    assert store.find("00000000") is None
