"""Remove a subscription, or all of an app."""

from contextlib import suppress

from chalicelib.domain.errors import NotFound
from chalicelib.domain.subscription import SUBSCRIPTIONS
from chalicelib.ports import Services
from chalicelib.usecases.remove_named import remove_named


def remove_subscription(services: Services, app: str, name: str, by: str) -> None:
    """Raise SubscriptionNotFound when there is none. What is on its way to it is dropped."""
    removed = remove_named(services, services.subscriptions, SUBSCRIPTIONS, app, name, by=by)
    services.secrets.remove(removed.id)  # after the record: what is on record can be signed


def remove_subscriptions(services: Services, app: str, by: str) -> None:
    for subscription in services.subscriptions.list(app):
        with suppress(NotFound):  # somebody else was faster
            remove_subscription(services, app, subscription.name, by)
