"""What is being sent at this moment, by whichever lane."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.domain.delivery import Delivery

MOST_PER_SUBSCRIPTION = 2
HANGS_AFTER = 0.2  # seconds
FIRST_HOLD = 30.0  # seconds
LONGEST_HOLD = 600.0


@dataclass
class _Subscription:
    sending: dict[str, float] = field(default_factory=dict)  # and since when
    held_until: dict[str, float] = field(default_factory=dict)
    holds: int = 0


class Traffic:
    """Knows what each subscription is being sent, so that nothing is sent twice and none is sent too much at once.

    While a receiver lets one thing hang, it is sent no other.

    What could not be recorded is held for a while: it is due as before, and would be sent again and again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._by_subscription: dict[str, _Subscription] = {}

    def begin(self, delivery: Delivery) -> bool:
        """Return False when it may not be sent now."""
        with self._lock:
            known = self._by_subscription.setdefault(delivery.subscription_id, _Subscription())
            is_held = known.held_until.get(delivery.event_id, 0.0) > self._clock()
            if is_held or delivery.event_id in known.sending:
                return False
            known.sending[delivery.event_id] = self._clock()
            return True

    def has_room(self, subscription_id: str) -> bool:
        """Say whether a subscription may be sent one thing more."""
        with self._lock:
            known = self._by_subscription.get(subscription_id)
            since = known.sending.values() if known else ()
            hangs = any(self._clock() - each > HANGS_AFTER for each in since)
            return not hangs and len(since) < MOST_PER_SUBSCRIPTION

    def end(self, delivery: Delivery, *, recorded: bool) -> None:
        with self._lock:
            known = self._by_subscription[delivery.subscription_id]
            known.sending.pop(delivery.event_id, None)
            known.held_until.pop(delivery.event_id, None)
            known.holds = 0 if recorded else known.holds + 1
            if not recorded:
                hold = min(FIRST_HOLD * 2 ** min(known.holds - 1, 10), LONGEST_HOLD)
                known.held_until[delivery.event_id] = self._clock() + hold
            elif not known.sending and not known.held_until:
                del self._by_subscription[delivery.subscription_id]

    def at_hand(self, subscription_id: str) -> int:
        """Return how many of what a subscription waits for cannot be begun, being sent or held already."""
        with self._lock:
            known = self._by_subscription.get(subscription_id)
            return 0 if known is None else len(known.sending) + len(known.held_until)
