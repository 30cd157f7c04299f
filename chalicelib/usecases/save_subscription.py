"""Create a subscription, change it, or give it another secret; what cannot be is refused before anything is stored."""

from collections.abc import Callable, Sequence

from pydantic import JsonValue

from chalicelib.domain.audit import Entry, What, changed
from chalicelib.domain.errors import AppNotFound, LimitExceeded, SubscriptionExists
from chalicelib.domain.subscription import SUBSCRIPTIONS, Subscription
from chalicelib.domain.webhook_secret import new_secret
from chalicelib.domain.webhook_target import target_of
from chalicelib.ports import Services
from chalicelib.usecases.change_record import change_named
from chalicelib.usecases.find_named import find_named


def create_subscription(services: Services, wanted: Subscription) -> tuple[Subscription, str]:
    """Return the subscription and its secret, which nobody can read again.

    Raise InvalidRequest for an address that nothing is sent to, AppNotFound, SubscriptionExists or LimitExceeded.
    """
    target_of(wanted.url, allow_local=services.local_webhooks)
    most = services.apps.get(wanted.app).most_subscriptions
    _refuse_one_more(services, wanted, most)
    entry = Entry.of(
        What.SUBSCRIPTION_CREATED, wanted.name, app=wanted.app, by=wanted.created_by, at=wanted.created_at
    )
    secret = new_secret()
    version = services.secrets.add(wanted.id, secret)  # before the record: what is on record can be signed
    try:
        return services.subscriptions.create(wanted.but(secret=version), most, entry), secret
    except (AppNotFound, SubscriptionExists, LimitExceeded):  # somebody else was faster
        services.secrets.remove(wanted.id)
        raise


def alter_subscription(
    services: Services, app: str, name: str, change: Callable[[Subscription], Subscription], by: str
) -> tuple[Subscription, Sequence[str]]:
    """Return the subscription and what changed of it; raise InvalidRequest for an address that nothing is sent to."""
    before = find_named(services, services.subscriptions, app, name)
    after = change(before)
    if after.url != before.url:
        target_of(after.url, allow_local=services.local_webhooks)

    def audit(before: Subscription, after: Subscription) -> Entry:
        details: dict[str, JsonValue] = {"changed": [*changed(before, after)]}
        if (before.paused is None) is not (after.paused is None):
            details["paused"] = after.paused is not None
        at = services.clock.now()
        return Entry.of(What.SUBSCRIPTION_CHANGED, name, app=app, by=by, at=at, details=details)

    def change_and_note(newest: Subscription) -> Subscription:
        nonlocal before
        before = newest
        return change(newest)

    saved = change_named(services.subscriptions, SUBSCRIPTIONS, app, name, change_and_note, audit)
    return saved, changed(before, saved)


def rotate_secret(services: Services, app: str, name: str, by: str) -> tuple[Subscription, str]:
    """Return the subscription and its new secret; those before sign too for a day.

    Until the record names the new one, the old one signs: whoever hears nothing of this can just repeat it.
    """
    subscription = find_named(services, services.subscriptions, app, name)
    secret = new_secret()
    version = services.secrets.add(subscription.id, secret)
    now = services.clock.now()
    entry = Entry.of(What.SUBSCRIPTION_ROTATED, name, app=app, by=by, at=now)
    rotated = change_named(
        services.subscriptions,
        SUBSCRIPTIONS,
        app,
        name,
        lambda newest: newest.rotated(version, now),
        lambda *_: entry,
    )
    return rotated, secret


def _refuse_one_more(services: Services, wanted: Subscription, most: int) -> None:
    """The store decides; this is so that nothing has to be taken back."""
    names = [subscription.name for subscription in services.subscriptions.list(wanted.app)]
    if wanted.name in names:
        raise SubscriptionExists(wanted.app, wanted.name)
    if len(names) >= most:
        raise SUBSCRIPTIONS.too_many(wanted.app, most)
