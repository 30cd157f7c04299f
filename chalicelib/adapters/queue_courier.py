"""Deliveries go through a queue: a message holds the delivery and its event, so nothing else is read to make it."""

from collections.abc import Sequence
from typing import Protocol

from pydantic import BaseModel, ValidationError

from chalicelib.adapters.message_queue import MessageQueue
from chalicelib.domain.delivery import Answer, Delivery
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.event import Event, Sent, cut_to
from chalicelib.domain.record import problem_in
from chalicelib.domain.subscription import Subscription

LARGEST_EVENT = 192 * 1024  # a message has 256 KB, and room for the delivery

DeliveryOf = tuple[Delivery, Event]


class _Message(BaseModel):
    delivery: Delivery
    event: Event


class Deliverer(Protocol):
    def try_now(self, subscription: Subscription, event: Sent) -> Answer:
        """Send it once; raise NotDone when nobody knows what came of it."""


class QueueCourier:
    """The port; whatever sends by itself is behind the queue."""

    def __init__(self, queue: MessageQueue, deliverer: Deliverer) -> None:
        self._queue = queue
        self._deliverer = deliverer

    def enqueue(self, delivery: Delivery, event: Event) -> None:
        self.enqueue_all([(delivery, event)])

    def enqueue_all(self, deliveries: Sequence[DeliveryOf]) -> None:
        """May raise NotDone, with some of them in the queue."""
        self._queue.send([message_of(*each) for each in deliveries])

    def try_now(self, subscription: Subscription, event: Sent) -> Answer:
        return self._deliverer.try_now(subscription, event)


def message_of(delivery: Delivery, event: Event) -> str:
    made = delivery.model_dump_json(exclude_defaults=True)
    return f'{{"delivery":{made},"event":{cut_to(event, LARGEST_EVENT)}}}'


def read_message(body: str) -> DeliveryOf:
    """Return what a message holds, or raise Unreadable."""
    try:
        message = _Message.model_validate_json(body)
    except ValidationError as error:
        raise Unreadable("a delivery in the queue", problem_in(error)) from error
    return message.delivery, message.event
