"""Tell of events on AWS, where a record's change and its news cannot be written in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from chalicelib.domain.delivery import Delivery
from chalicelib.domain.event import Event
from chalicelib.domain.fan_out import deliveries_of
from chalicelib.domain.subscription import Subscription
from chalicelib.ports import Clock


class FeedToWrite(Protocol):
    def append(self, app: str, events: Sequence[Event]) -> None:
        """Tell the events of an app in this order; one that was told before keeps its place."""


class SubscriptionsToRead(Protocol):
    def list(self, app: str) -> Sequence[Subscription]:
        """Return those of an app."""


class Bus(Protocol):
    def put(self, events: Sequence[Event]) -> None:
        """Tell the events to whoever listens in the account."""


class Queue(Protocol):
    def enqueue_all(self, deliveries: Sequence[tuple[Delivery, Event]]) -> None:
        """Have all of them made, by somebody else."""


@dataclass(frozen=True)
class Channels:
    """Where events are told."""

    feed: FeedToWrite
    bus: Bus
    subscriptions: SubscriptionsToRead
    queue: Queue
    clock: Clock


def publish(channels: Channels, events: Sequence[Event]) -> None:
    """Tell the events everywhere, in this order. When it raises, do it again: some are told twice then."""
    by_app = sorted(events, key=lambda event: event.app)  # keeps the order within each
    for app, own in groupby(by_app, key=lambda event: event.app):
        _tell(channels, app, list(own))
    channels.bus.put(events)


def _tell(channels: Channels, app: str, events: Sequence[Event]) -> None:
    channels.feed.append(app, events)  # first: whoever hears of an event elsewhere finds it there
    subscriptions, now = channels.subscriptions.list(app), channels.clock.now()
    deliveries = [
        (delivery, event) for event in events for delivery in deliveries_of(event, subscriptions, now)
    ]
    channels.queue.enqueue_all(deliveries)
