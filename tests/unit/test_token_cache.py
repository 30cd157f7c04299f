"""Tokens are remembered for half a minute: no longer, and only those that there are."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.adapters.token_cache import KEPT_AT_MOST, TokenCache
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.token import Token
from local.store.database import Database
from local.store.token_store import SqliteTokenStore
from tests.builders import NOON
from tests.dynamodb_table import SetClock

ALICE = Token(id="aaaaaaaa", name="alice", secret_sha256="0" * 64)


class CountingStore(SqliteTokenStore):
    """Counts what it is asked, and can write down nothing for a while."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.looks: list[str] = []
        self.notes: list[datetime] = []
        self.is_full = False

    def find(self, token_id: str) -> Token | None:
        self.looks.append(token_id)
        return super().find(token_id)

    def note_use(self, token: Token, now: datetime) -> None:
        self.notes.append(now)
        if self.is_full:
            raise Unavailable("No room.")
        super().note_use(token, now)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CountingStore]:
    database = Database(tmp_path / "tapit.db")
    made = CountingStore(database)
    made.add(ALICE, NOON)
    yield made
    database.close()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.mark.parametrize(("seconds", "looks"), [(29.9, 1), (30.0, 2)])
def test_a_token_is_remembered_for_half_a_minute(
    store: CountingStore, clock: SetClock, seconds: float, looks: int
) -> None:
    cache = TokenCache(store, clock)
    cache.find(ALICE.id)
    clock.time = NOON + timedelta(seconds=seconds)

    assert cache.find(ALICE.id) == ALICE
    assert len(store.looks) == looks


def test_a_token_that_was_removed_elsewhere_is_forgotten(store: CountingStore, clock: SetClock) -> None:
    cache = TokenCache(store, clock)
    cache.find(ALICE.id)
    store.remove(store.get("alice"))
    assert cache.find(ALICE.id) == ALICE
    clock.time = NOON + timedelta(seconds=31)

    assert cache.find(ALICE.id) is None
    assert cache.find(ALICE.id) is None


def test_a_token_that_was_removed_here_is_forgotten_at_once(store: CountingStore, clock: SetClock) -> None:
    cache = TokenCache(store, clock)
    cache.find(ALICE.id)

    cache.remove(cache.get("alice"))

    assert cache.find(ALICE.id) is None


def test_a_token_works_as_soon_as_it_is_made(store: CountingStore, clock: SetClock) -> None:
    cache = TokenCache(store, clock)
    made = Token(id="bbbbbbbb", name="bob", secret_sha256="1" * 64)
    assert cache.find(made.id) is None

    cache.add(made, NOON)

    assert cache.find(made.id) == made


def test_not_more_are_kept_than_memory_is_meant_for(store: CountingStore, clock: SetClock) -> None:
    cache = TokenCache(store, clock)
    many = [Token(id=f"{n:08}", name=f"n{n}", secret_sha256="2" * 64) for n in range(2 * KEPT_AT_MOST)]
    for token in many:
        store.add(token, NOON)

    assert [cache.find(token.id) for token in many] == many


def test_the_store_is_told_of_a_use_once_an_hour(store: CountingStore, clock: SetClock) -> None:
    cache = TokenCache(store, clock)
    times = [NOON + timedelta(minutes=minutes) for minutes in (0, 1, 59, 60, 61)]

    for clock.time in times:
        cache.note_use(ALICE, clock.time)

    assert store.notes == [times[0], times[3]]


def test_a_use_that_cannot_be_written_down_is_no_reason_to_refuse(
    store: CountingStore, clock: SetClock
) -> None:
    store.is_full = True

    TokenCache(store, clock).note_use(ALICE, NOON)

    assert store.get("alice").last_used_at is None
