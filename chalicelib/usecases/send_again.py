"""Send something to a subscription because a person asks for it: a trial, or an event once more."""

from chalicelib.domain import ids
from chalicelib.domain.audit import Entry, What
from chalicelib.domain.delivery import Answer, Delivery
from chalicelib.domain.errors import SubscriptionPaused
from chalicelib.domain.event import TrialEvent
from chalicelib.domain.fan_out import delivery_of
from chalicelib.ports import Services
from chalicelib.usecases.find_named import find_named


def try_out(services: Services, app: str, name: str, by: str) -> tuple[TrialEvent, Answer]:
    """Return what was sent and what was answered. One that is paused can be tried too: that shows if it may go on."""
    subscription = find_named(services, services.subscriptions, app, name)
    now = services.clock.now()
    trial = TrialEvent(
        id=ids.new_id(now),
        time=now,
        app=app,
        subscription_id=subscription.id,
        subscription=subscription.name,
        by=by,
    )
    return trial, services.courier.try_now(subscription, trial)


def resend(services: Services, app: str, name: str, event_id: str, by: str) -> Delivery:
    """Return a new delivery, due at once, of an event that was sent before or not; with all its tries.

    Raise EventNotFound, or SubscriptionPaused: it would only be dropped.
    """
    subscription = find_named(services, services.subscriptions, app, name)
    if subscription.paused is not None:
        raise SubscriptionPaused(app, name, subscription.paused.why)
    event = services.feed.find(app, event_id)
    now = services.clock.now()
    delivery = delivery_of(subscription, event, now)
    details = {"event": event_id}
    entry = Entry.of(What.SUBSCRIPTION_RESENT, name, app=app, by=by, at=now, details=details)
    services.deliveries.record(delivery, entry)
    services.courier.enqueue(delivery, event)
    return delivery
