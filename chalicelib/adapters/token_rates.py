"""How often each token asks, as far as this process sees it: a request costs no write and no look elsewhere."""

from collections.abc import Callable
from threading import Lock

from chalicelib.domain.errors import TooManyRequests
from chalicelib.domain.request_rate import Bucket, RequestRate, take
from chalicelib.domain.token import Token
from chalicelib.ports import Clock

KEPT_AT_MOST = 1000


class TokenRates:
    """`is_exempt` is asked about a token, by its id, before that is refused. Safe to use from several threads."""

    def __init__(
        self, clock: Clock, rate: RequestRate, is_exempt: Callable[[str], bool] = lambda _token_id: False
    ) -> None:
        self._clock = clock
        self._rate = rate
        self._is_exempt = is_exempt
        self._buckets: dict[str, Bucket] = {}
        self._lock = Lock()

    def admit(self, token: Token) -> None:
        """Raise TooManyRequests when it asks too often."""
        wait = self._take(token.holder)
        if wait and not self._is_exempt(token.id):
            raise TooManyRequests(token.name, self._rate.per_second, wait)

    def _take(self, holder: str) -> float:
        with self._lock:
            if len(self._buckets) >= KEPT_AT_MOST and holder not in self._buckets:
                self._buckets.clear()
            left, wait = take(self._buckets.get(holder), self._rate, self._clock.monotonic())
            self._buckets[holder] = left
        return wait
