"""A subscription: where news of an app is sent, which of it, and whether that works."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

from pydantic import AwareDatetime

from chalicelib.domain.app import too_many_subscriptions
from chalicelib.domain.delivery import Answer
from chalicelib.domain.errors import SubscriptionExists, SubscriptionNotFound
from chalicelib.domain.named_record import Kind, NamedRecord
from chalicelib.domain.pause import Pause
from chalicelib.domain.record import Record
from chalicelib.domain.status import Status

PAUSED = "subscription_paused"
SCHEDULE_PAUSED = "schedule_paused"
EVENT_NAMES = (*(status.lower() for status in Status), PAUSED, SCHEDULE_PAUSED)
FAILS_FOR = timedelta(days=1)
EARLIER_SECRETS_FOR = timedelta(days=1)
MOST_EARLIER_SECRETS = 4
SLOW = 1.0  # seconds
LONGEST_NAME = 40

_NO_PART_OF_A_NAME = re.compile(r"[^a-z0-9]+")


class Format(StrEnum):
    """What is sent: the event itself, or a message for Slack."""

    JSON = "json"
    SLACK = "slack"


class EarlierSecret(Record):
    """The version of a secret that was replaced, and until when it signs."""

    version: int
    until: AwareDatetime


class Subscription(NamedRecord):
    """`events` are the names of those that are wanted; without any, all are.

    `secret` is the version of the secret that signs, `earlier_secrets` are those that may sign too, the newest first.
    `failing_since` is when the first of the tries was made that have all failed since. Its address `is_slow` when the
    last try failed, or took long.
    """

    url: str
    events: tuple[str, ...] = ()
    format: Format = Format.JSON
    created_at: AwareDatetime
    created_by: str
    secret: int = 1
    earlier_secrets: tuple[EarlierSecret, ...] = ()
    paused: Pause | None = None
    failing_since: AwareDatetime | None = None
    is_slow: bool = False

    @property
    def shown_url(self) -> str:
        """Whoever knows an address of Slack's can post there: of such a one no more is shown than whose it is."""
        if self.format is not Format.SLACK:
            return self.url
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{re.split('[/?#]', rest, maxsplit=1)[0]}/..."

    def wants(self, event_name: str) -> bool:
        return not self.events or event_name in self.events

    def secrets_at(self, now: datetime) -> tuple[int, ...]:
        """Return the versions of the secrets that sign, the newest first."""
        return (self.secret, *(each.version for each in self.earlier_secrets if now < each.until))

    def previous_secret_until(self, now: datetime) -> datetime | None:
        """Until when the one before the newest signs; None when it does not."""
        return next((each.until for each in self.earlier_secrets if now < each.until), None)

    def rotated(self, secret: int, now: datetime) -> Self:
        """The secret that signed until now goes on signing for a day, and so do those before it.

        The receiver may have any of them: whoever has not heard of a new secret asks for another one.
        """
        replaced = EarlierSecret(version=self.secret, until=now + EARLIER_SECRETS_FOR)
        signing = [each for each in self.earlier_secrets if now < each.until]
        return self.but(secret=secret, earlier_secrets=(replaced, *signing)[:MOST_EARLIER_SECRETS])

    def moved(self, url: str) -> Self:
        """What was seen of one address says nothing of another."""
        return self if url == self.url else self.but(url=url, failing_since=None, is_slow=False)


SUBSCRIPTIONS = Kind(
    Subscription, "subscription", SubscriptionNotFound, SubscriptionExists, too_many_subscriptions
)


def pause(subscription: Subscription, why: str, now: datetime, by: str | None = None) -> Subscription:
    """Send nothing from now on; one that is paused already stays as it is."""
    if subscription.paused is not None:
        return subscription
    return subscription.but(paused=Pause(since=now, why=why, by=by, revision=subscription.revision + 1))


def resume(subscription: Subscription) -> Subscription:
    """Its address gets another day to answer."""
    if subscription.paused is None:
        return subscription
    return subscription.but(paused=None, failing_since=None)


def note_answer(subscription: Subscription, answer: Answer, now: datetime) -> Subscription:
    """Keep what a try says of the address; pause when it is gone, or has failed for a day."""
    if answer.is_success:
        return subscription.but(failing_since=None, is_slow=answer.seconds > SLOW)
    noted = subscription.but(failing_since=subscription.failing_since or now, is_slow=True)
    if answer.is_gone:
        return pause(noted, "Its address answered 410: it is gone for good.", now)
    assert noted.failing_since is not None
    if now - noted.failing_since >= FAILS_FOR:
        return pause(noted, f"Every try has failed since {noted.failing_since:%Y-%m-%d %H:%M} UTC.", now)
    return noted


def name_from(url: str) -> str:
    """Return the name of one that was given none: its host, spelt as names are. Some name for what is no URL at all."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    host = _NO_PART_OF_A_NAME.sub("-", host.lower()).strip("-")
    return (host if host[:1].isalpha() else f"host-{host}")[:LONGEST_NAME].strip("-")
