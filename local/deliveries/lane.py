"""A lane of deliveries: the thread that says what is sent next, and a thread for each thing that is being sent."""

import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from chalicelib.domain.delivery import Delivery
from chalicelib.ports import Clock
from local.deliveries.traffic import MOST_PER_SUBSCRIPTION, Traffic
from local.store.due_deliveries import DueDeliveries
from local.timing.background import survive

LONGEST_SLEEP = 30.0  # seconds; the machine may sleep meanwhile, and no wait notices that
BEGUN_TOGETHER = 16
BREATH = 0.05  # seconds: so many are begun within it, for to begin is what takes the processor


class Lane:
    """Sends to slow subscriptions, or to all others: a round after the other, in each one thing to each of them.

    Whoever is being sent least is the first of a round, and of those who waited longest. A receiver that hangs costs a
    thread that sleeps, of which there are `most`. After each look the lane rests for `pause` seconds, for to look
    through all that waits for a receiver that is dead takes its time.
    """

    def __init__(
        self,
        due: DueDeliveries,
        traffic: Traffic,
        send: Callable[[Delivery], None],
        ended: Callable[[], None],
        clock: Clock,
        *,
        slow: bool,
        most: int,
        pause: float,
    ) -> None:
        self._due = due
        self._traffic = traffic
        self._send = send
        self._ended = ended
        self._clock = clock
        self._slow = slow
        self._most = most
        self._pause = pause
        self._lock = threading.Lock()
        self._sending: set[threading.Thread] = set()
        self._begun: deque[float] = deque(maxlen=BEGUN_TOGETHER)
        self._served: dict[str, float] = {}
        self._news = threading.Event()
        self._closing = threading.Event()
        name = "deliver-slow" if slow else "deliver"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def open(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Look at what is due: something may be, or there may be room for it."""
        self._news.set()

    def close(self) -> None:
        """Begin nothing any more."""
        self._closing.set()
        self._news.set()
        self._thread.join()

    def wait_for_last(self, until: float) -> None:
        """Wait (by time.monotonic) for what is being sent; what takes longer is sent again after the next start."""
        with self._lock:
            sending = list(self._sending)
        for each in sending:
            each.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        while not self._closing.is_set():
            self._news.clear()
            self._sleep = LONGEST_SLEEP
            survive(self._look)
            self._news.wait(self._sleep)
            self._closing.wait(self._pause)

    def _look(self) -> None:
        waiting = self._due.waiting_subscriptions(slow=self._slow)
        self._served = {each: self._served.get(each, 0.0) for each in waiting}
        free = [each for each in waiting if self._traffic.has_room(each)]
        for subscription_id in sorted(free, key=self._turn):
            seconds = self._seconds_until_room()
            if seconds > 0:
                self._sleep = min(self._sleep, seconds)
                return
            self._begin_one(subscription_id)

    def _turn(self, subscription_id: str) -> tuple[int, float]:
        return self._traffic.at_hand(subscription_id), self._served[subscription_id]

    def _begin_one(self, subscription_id: str) -> None:
        limit = MOST_PER_SUBSCRIPTION + 1 + self._traffic.at_hand(subscription_id)
        for delivery in self._due.next_for(subscription_id, limit):
            assert delivery.due_at is not None
            seconds = (delivery.due_at - self._clock.now()).total_seconds()
            if seconds > 0:
                self._sleep = min(self._sleep, seconds)
                return
            if self._traffic.begin(delivery):
                self._served[subscription_id] = time.monotonic()
                self._begin(delivery)
                self._news.set()  # it may be sent another one in the next round
                return

    def _seconds_until_room(self) -> float:
        """Return how long nothing can be begun; until one of them has ended, when there are as many as can be."""
        with self._lock:
            if len(self._sending) >= self._most:
                return LONGEST_SLEEP
        if len(self._begun) < BEGUN_TOGETHER:
            return 0.0
        return self._begun[0] + BREATH - time.monotonic()

    def _begin(self, delivery: Delivery) -> None:
        thread = threading.Thread(target=self._make, args=(delivery,), name="delivery", daemon=True)
        with self._lock:
            self._sending.add(thread)
        self._begun.append(time.monotonic())
        thread.start()

    def _make(self, delivery: Delivery) -> None:
        survive(partial(self._send_and_tell, delivery))
        with self._lock:
            self._sending.discard(threading.current_thread())
        self._ended()

    def _send_and_tell(self, delivery: Delivery) -> None:
        recorded = False
        try:
            self._send(delivery)
            recorded = True
        finally:
            self._traffic.end(delivery, recorded=recorded)
