"""Send an event to a subscription: one try, and what it says of the delivery and of its receiver."""

import random
from datetime import datetime

from chalicelib.domain.delivery import Answer, Delivery
from chalicelib.domain.errors import SubscriptionNotFound
from chalicelib.domain.event import Event, Sent
from chalicelib.domain.subscription import SUBSCRIPTIONS, Subscription, note_answer
from chalicelib.ports import Services
from chalicelib.usecases.change_record import change_named


def deliver(services: Services, delivery: Delivery, event: Event) -> Delivery:
    """Make one try, and return the delivery as it is recorded then: over, or due again.

    Whoever dies in the middle makes the same try again: the receiver knows it by the event's id.
    """
    subscription = _recipient(services, delivery)
    if subscription is None:
        return drop(services, delivery)
    answer = send(services, subscription, event)
    now = services.clock.now()
    tried = delivery.after(answer, now, random.uniform(-1, 1))  # noqa: S311 - jitter
    services.deliveries.record(tried)
    _note(services, subscription, answer, now)
    return tried


def drop(services: Services, delivery: Delivery) -> Delivery:
    """Make no more tries: there is nobody to send it to any more, or nothing to send."""
    dropped = delivery.dropped()
    services.deliveries.record(dropped)
    return dropped


def send(services: Services, subscription: Subscription, event: Sent) -> Answer:
    """Send it once, signed with the secrets of this moment; nothing is recorded."""
    secrets = services.secrets.read(subscription.id, subscription.secrets_at(services.clock.now()))
    return services.sender.post(subscription, event, secrets)


def _recipient(services: Services, delivery: Delivery) -> Subscription | None:
    """Return the subscription unless it is paused or gone; another one may have its name by now."""
    try:
        found = services.subscriptions.get(delivery.app, delivery.subscription)
    except SubscriptionNotFound:
        return None
    return found if found.id == delivery.subscription_id and found.paused is None else None


def _note(services: Services, subscription: Subscription, answer: Answer, now: datetime) -> None:
    """Say of the receiver what the try has shown, unless it is about another one by now."""

    def noted(newest: Subscription) -> Subscription:
        is_same = (newest.id, newest.url) == (subscription.id, subscription.url)
        return note_answer(newest, answer, now) if is_same else newest

    if noted(subscription) == subscription:
        return
    try:
        change_named(services.subscriptions, SUBSCRIPTIONS, subscription.app, subscription.name, noted)
    except SubscriptionNotFound:  # removed while it answered
        return
