"""What can be said of a subscription, for `create subscription` and `set subscription` alike."""

from __future__ import annotations

import re

from tapit.errors import UsageError
from tapit.language import values
from tapit.language.command import Key
from tapit.statuses import STATUSES

EVENTS = (*(status.lower() for status in STATUSES), "subscription_paused", "schedule_paused")
ALL = "all"
FORMATS = ("json", "slack")
DETAILS = (
    f"events= takes {', '.join(EVENTS)}; {ALL} are sent where none are named.\n\n"
    "Addresses begin with https://, and lead to the open internet: no private network, no redirects. One that is\n"
    "itself a secret, as Slack's are, can be kept out of the shell's history: url=- asks for it, or reads it from\n"
    "stdin. format=json sends the event as it is, format=slack a line that people read."
)
UNSEEN = "-"
_AFTER_HOST = re.compile("[/?#]")


def _url(key: str, given: str) -> str:
    """Say at once what is surely wrong, without repeating it; the home judges the rest."""
    wanted = values.text(key, given).strip()
    if wanted == UNSEEN:
        return wanted
    scheme, separator, rest = wanted.partition("://")
    if "@" in _AFTER_HOST.split(rest if separator else wanted, maxsplit=1)[0]:
        raise UsageError(
            f"{key}= holds a user name or a password",
            "Whoever may list subscriptions could read it. Deliveries are signed: the receiver can check that.",
            "leave out what stands before the @",
        )
    if not separator or scheme.lower() not in ("https", "http"):
        raise UsageError(f"{key}= is not a web address", "It looks like https://ops.example.com/tapit.")
    return wanted


def _events(key: str, given: str) -> list[str]:
    """None in particular means all of them, whatever is added to them later."""
    wanted = values.several_of((*EVENTS, ALL), "an event", str.lower)(key, given)
    return [] if ALL in wanted else wanted


NAME = Key("name", values.name, "the subscription", placeholder="NAME", offers="subscriptions")
NEW_NAME = Key("name", values.name, "what to call it, instead of the address's host", placeholder="NAME")
URL = Key("url", _url, "where news go: https://..., or - to be asked for it", placeholder="URL")
EVENT = Key(
    "event",
    values.name,
    "the event's id, as show subscription has it",
    placeholder="ID",
    offers="deliveries",
)
CHANGEABLE = (
    Key(
        "events",
        _events,
        f"only these; several with commas between, or {ALL}",
        placeholder="EVENT,...",
        choices=(*EVENTS, ALL),
        has_commas=True,
    ),
    Key("format", values.one_of(FORMATS), "json or slack", placeholder="FORMAT", choices=FORMATS),
)
PAUSED = Key(
    "paused",
    values.yes_or_no,
    "true: nothing is sent; false: from now on it is again",
    placeholder="true|false",
    choices=("true", "false"),
)
