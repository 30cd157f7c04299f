"""Remove a subscription, or all of an app."""

from contextlib import suppress

from chalicelib.domain.audit import Entry, What
from chalicelib.domain.errors import NotFound, Stale
from chalicelib.ports import Services
from chalicelib.usecases.find_named import find_named

ATTEMPTS = 20


def remove_subscription(services: Services, app: str, name: str, by: str) -> None:
    """Raise SubscriptionNotFound when there is none. What is on its way to it is dropped."""
    entry = Entry.of(What.SUBSCRIPTION_DELETED, name, app=app, by=by, at=services.clock.now())
    for _ in range(ATTEMPTS):
        subscription = find_named(services, services.subscriptions, app, name)
        with suppress(Stale):  # whoever sends to it notes how it went
            services.subscriptions.remove(subscription, entry)
            services.secrets.remove(subscription.id)  # then: what is on record can be signed
            return
    raise Stale(f"Subscription {name}")


def remove_subscriptions(services: Services, app: str, by: str) -> None:
    for subscription in services.subscriptions.list(app):
        with suppress(NotFound):  # somebody else was faster
            remove_subscription(services, app, subscription.name, by)
