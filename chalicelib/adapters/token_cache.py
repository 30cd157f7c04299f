"""Tokens, remembered for a moment: one that was removed is refused everywhere half a minute later."""

from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from chalicelib.domain.audit import Entry
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.token import USES_ARE_NOTED_EVERY, ListedToken, Token
from chalicelib.ports import Clock, Page, TokenStore

KEPT_FOR = 30.0  # seconds
KEPT_AT_MOST = 256
Kept = TypeVar("Kept")


class TokenCache:
    """Only what was found is kept, so a token works as soon as it is made."""

    def __init__(self, store: TokenStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._found: dict[str, tuple[float, Token]] = {}
        self._noted: dict[str, float] = {}

    def find(self, token_id: str) -> Token | None:
        now = self._clock.monotonic()
        found_at, token = self._found.get(token_id, (0.0, None))
        if token is not None and now - found_at < KEPT_FOR:
            return token
        return self._look_up(token_id, now)

    def add(
        self, token: Token, created_at: datetime, created_by: str | None = None, entry: Entry | None = None
    ) -> None:
        self._store.add(token, created_at, created_by, entry)

    def get(self, name: str) -> ListedToken:
        return self._store.get(name)

    def remove(self, token: ListedToken, entry: Entry | None = None) -> None:
        self._store.remove(token, entry)
        self._found.pop(token.id, None)

    def list(self, limit: int, after_name: str | None) -> Page[ListedToken]:
        return self._store.list(limit, after_name)

    def note_use(self, token: Token, now: datetime) -> None:
        """Ask the store once an hour; a use that cannot be written down now is noted an hour later."""
        at = self._clock.monotonic()
        noted_at = self._noted.get(token.id)
        if noted_at is not None and at - noted_at < USES_ARE_NOTED_EVERY.total_seconds():
            return
        _keep(self._noted, token.id, at)
        with suppress(Unavailable):
            self._store.note_use(token, now)

    def _look_up(self, token_id: str, now: float) -> Token | None:
        self._found.pop(token_id, None)
        token = self._store.find(token_id)
        if token is not None:
            _keep(self._found, token_id, (now, token))
        return token


def _keep(kept: dict[str, Kept], name: str, value: Kept) -> None:
    if len(kept) >= KEPT_AT_MOST:
        kept.clear()
    kept[name] = value
