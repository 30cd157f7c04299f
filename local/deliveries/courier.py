"""Sends events to subscriptions from this machine: two lanes, so that a dead or slow receiver delays no other one.

What is due is in the database. Whatever kills the server, the next one goes on from there: at worst what was being sent
at that moment is sent once more, as after a failure.
"""

import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from chalicelib.domain.delivery import Answer, Delivery
from chalicelib.domain.errors import EventNotFound, SubscriptionNotFound, Unreadable
from chalicelib.domain.event import Event, Sent
from chalicelib.domain.subscription import Subscription
from chalicelib.ports import Clock, Services
from chalicelib.usecases.deliver import deliver, drop, send
from local.deliveries.lane import Lane
from local.deliveries.traffic import Traffic
from local.store.due_deliveries import DueDeliveries

logger = logging.getLogger(__name__)
MOST_QUICK = 512  # at once: the first tries of receivers that turn out to hang are among them
MOST_SLOW = 64
LOOKS_AT_SLOW_ONES_EVERY = 0.25  # seconds
GRACE = 2.0  # seconds that the last deliveries have when the server is to end


class LocalCourier:
    """The port, and the threads behind it. It is woken by whoever tells an event."""

    def __init__(self, due: DueDeliveries, clock: Clock, services: Callable[[], Services]) -> None:
        self._due = due
        self._services = services
        # When one has ended, the next one of its task may go; and its subscription may change lanes by that.
        lane = partial(Lane, due, Traffic(), self._send, self.wake, clock)
        quick = lane(slow=False, most=MOST_QUICK, pause=0.0)
        slow = lane(slow=True, most=MOST_SLOW, pause=LOOKS_AT_SLOW_ONES_EVERY)
        self._lanes = (quick, slow)

    def open(self) -> None:
        for lane in self._lanes:
            lane.open()

    def close(self) -> None:
        for lane in self._lanes:
            lane.close()
        until = time.monotonic() + GRACE
        for lane in self._lanes:
            lane.wait_for_last(until)

    def wake(self) -> None:
        """There may be something to send."""
        for lane in self._lanes:
            lane.wake()

    def enqueue(self, delivery: Delivery, event: Event) -> None:  # noqa: ARG002 - both are in the database already
        self.wake()

    def try_now(self, subscription: Subscription, event: Sent) -> Answer:
        return send(self._services(), subscription, event)

    def _send(self, delivery: Delivery) -> None:
        """The try is counted first: what kills the server each time it is made does not go on for ever."""
        services = self._services()
        if not delivery.may_be_tried:
            services.deliveries.record(delivery.given_up())
            return
        begun = delivery.begun(services.clock.now(), random.uniform(-1, 1))  # noqa: S311 - jitter
        if not self._due.begin(delivery, begun):  # a try of it ended between its being read and its turn
            return
        try:
            event = services.feed.find(delivery.app, delivery.event_id)
        except (EventNotFound, Unreadable):
            drop(services, delivery)
        else:
            _log(services, deliver(services, delivery, event))


def _log(services: Services, made: Delivery) -> None:
    """Of an address nothing is told: its path may be a secret."""
    answer, whither = made.answer, f"{made.app}/{made.subscription}"
    if answer is None:
        logger.info("%s to %s: %s, for it is paused or gone", made.event_id, whither, made.state)
        return
    said = f"it answered {answer.status}" if answer.status else answer.problem
    again = f"; next try at {made.due_at:%H:%M:%S} UTC" if made.due_at else ""
    logger.info("%s to %s: %s at try %d, %s%s", made.event_id, whither, made.state, made.tries, said, again)
    if not answer.is_success:
        _log_pause(services, made, whither)


def _log_pause(services: Services, made: Delivery, whither: str) -> None:
    with suppress(SubscriptionNotFound):  # removed meanwhile
        paused = services.subscriptions.get(made.app, made.subscription).paused
        if paused is not None and paused.by is None:
            logger.warning("%s paused itself: %s", whither, paused.why)
