"""Tokens are remembered for half a minute: no longer, and only those that there are."""

import pytest

from chalicelib.adapters.token_cache import KEPT_AT_MOST, TokenCache
from chalicelib.domain.token import Token
from tests.builders import NOON
from tests.dynamodb_table import SetClock

ALICE = Token(id="aaaaaaaa", name="alice", secret_sha256="0" * 64)


class CountingStore:
    def __init__(self) -> None:
        self.tokens = {ALICE.id: ALICE}
        self.looks: list[str] = []

    def find(self, token_id: str) -> Token | None:
        self.looks.append(token_id)
        return self.tokens.get(token_id)


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.mark.parametrize(("seconds", "looks"), [(29.9, 1), (30.0, 2)])
def test_a_token_is_remembered_for_half_a_minute(
    store: CountingStore, clock: SetClock, seconds: float, looks: int
) -> None:
    cache = TokenCache(store, clock)
    cache.find(ALICE.id)
    clock.time = clock.time.fromtimestamp(NOON.timestamp() + seconds, NOON.tzinfo)

    assert cache.find(ALICE.id) == ALICE
    assert len(store.looks) == looks


def test_a_revoked_token_is_forgotten(store: CountingStore, clock: SetClock) -> None:
    cache = TokenCache(store, clock)
    cache.find(ALICE.id)
    store.tokens.clear()
    clock.time = clock.time.fromtimestamp(NOON.timestamp() + 31, NOON.tzinfo)

    assert cache.find(ALICE.id) is None
    assert cache.find(ALICE.id) is None


def test_a_token_works_as_soon_as_it_is_made(store: CountingStore, clock: SetClock) -> None:
    cache = TokenCache(store, clock)
    made = Token(id="bbbbbbbb", name="bob", secret_sha256="1" * 64)
    assert cache.find(made.id) is None

    store.tokens[made.id] = made

    assert cache.find(made.id) == made


def test_not_more_are_kept_than_memory_is_meant_for(store: CountingStore, clock: SetClock) -> None:
    cache = TokenCache(store, clock)
    many = [Token(id=f"{n:08}", name="x", secret_sha256="2" * 64) for n in range(2 * KEPT_AT_MOST)]
    store.tokens |= {token.id: token for token in many}

    assert [cache.find(token.id) for token in many] == many
