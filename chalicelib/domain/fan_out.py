"""Who gets an event."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.domain.delivery import Delivery
from chalicelib.domain.event import Event
from chalicelib.domain.subscription import Subscription


def deliveries_of(event: Event, subscriptions: Iterable[Subscription], now: datetime) -> list[Delivery]:
    """Return a delivery to each of an app's subscriptions that wants the event and is not paused."""
    wanting = (each for each in subscriptions if each.paused is None and each.wants(event.event_name))
    return [delivery_of(each, event, now) for each in wanting]


def delivery_of(subscription: Subscription, event: Event, now: datetime) -> Delivery:
    """Return a new delivery, due at once."""
    return Delivery(
        subscription_id=subscription.id,
        app=subscription.app,
        subscription=subscription.name,
        event_id=event.id,
        subject=event.subject,
        about=event.about,
        created_at=now,
        due_at=now,
    )
