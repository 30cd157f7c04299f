"""Tokens, remembered for a moment: one that was revoked is refused everywhere half a minute later."""

from chalicelib.domain.token import Token
from chalicelib.ports import Clock, TokenStore

KEPT_FOR = 30.0  # seconds
KEPT_AT_MOST = 256


class TokenCache:
    """Only what was found is kept, so a token works as soon as it is made."""

    def __init__(self, store: TokenStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._found: dict[str, tuple[float, Token]] = {}

    def find(self, token_id: str) -> Token | None:
        now = self._clock.monotonic()
        found_at, token = self._found.get(token_id, (0.0, None))
        if token is not None and now - found_at < KEPT_FOR:
            return token
        return self._look_up(token_id, now)

    def _look_up(self, token_id: str, now: float) -> Token | None:
        self._found.pop(token_id, None)
        token = self._store.find(token_id)
        if token is None:
            return None
        if len(self._found) >= KEPT_AT_MOST:
            self._found.clear()
        self._found[token_id] = (now, token)
        return token
