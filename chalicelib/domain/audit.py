"""Who did what: an entry for each thing that somebody does, written together with what it tells of.

What the program does by itself is no entry: a task's history and the log of each function tell that. An entry holds no
value that may be a secret: no command, no address, of an environment only names.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from pydantic import AwareDatetime, JsonValue

from chalicelib.domain import ids
from chalicelib.domain.bounds import Shown, size_of
from chalicelib.domain.record import Record

KEPT_FOR = timedelta(days=400)
MOST_READ = 1000  # entries that one page looks at, whatever it is narrowed down by
LARGEST_NAMES = 2048  # bytes
_CUT = "…"
_OWN_FIELDS = ("revision",)


class What(StrEnum):
    """What can be done, as entries call it."""

    TASK_STOPPED = "task.stopped"
    TASK_EXTENDED = "task.extended"
    TASK_DELETED = "task.deleted"
    SESSION_OPENED = "session.opened"
    SESSION_RESUMED = "session.resumed"
    SESSION_ENDED = "session.ended"
    APP_CREATED = "app.created"
    APP_CHANGED = "app.changed"
    APP_DELETED = "app.deleted"
    SUBSCRIPTION_CREATED = "subscription.created"
    SUBSCRIPTION_CHANGED = "subscription.changed"
    SUBSCRIPTION_ROTATED = "subscription.rotated"
    SUBSCRIPTION_RESENT = "subscription.resent"
    SUBSCRIPTION_DELETED = "subscription.deleted"
    COMMAND_CREATED = "command.created"
    COMMAND_CHANGED = "command.changed"
    COMMAND_DELETED = "command.deleted"
    SCHEDULE_CREATED = "schedule.created"
    SCHEDULE_CHANGED = "schedule.changed"
    SCHEDULE_STARTED = "schedule.started"
    SCHEDULE_DELETED = "schedule.deleted"
    TOKEN_CREATED = "token.created"  # noqa: S105 - a word, no token
    TOKEN_DELETED = "token.deleted"  # noqa: S105
    TRUST_CREATED = "trust.created"
    TRUST_USED = "trust.used"
    TRUST_DELETED = "trust.deleted"


class Entry(Record):
    """`by` is the name of the token that it was done with, `target` the id or name of what it was done to.

    `app` None: it is about several, which are `apps` then, or about none. A newer version may have other words for
    `what`.
    """

    id: str
    time: AwareDatetime
    app: str | None
    apps: tuple[str, ...] = ()
    by: Shown
    what: str
    target: Shown
    details: Mapping[str, JsonValue] = {}

    @classmethod
    def of(
        cls,
        what: What,
        target: str,
        *,
        app: str | None,
        apps: Sequence[str] = (),
        by: str,
        at: datetime,
        details: Any = None,
    ) -> Self:
        # Nobody types one, so it may be so long that nothing has to ask if it is free.
        return cls(
            id=ids.new_long_id(at),
            time=at,
            app=app,
            apps=tuple(apps),
            by=by,
            what=what,
            target=target,
            details=details or {},
        )

    @property
    def about(self) -> tuple[str, ...]:
        return self.apps or (() if self.app is None else (self.app,))


@dataclass(frozen=True)
class AuditQuery:
    """A page of entries, newest first; `apps` None: whatever they are about.

    Whoever asks may be shown what is about apps `within` these alone; None: everything.
    """

    limit: int
    apps: tuple[str, ...] | None = None
    by: str | None = None
    what: str | None = None
    since: datetime | None = None
    after_id: str | None = None
    within: tuple[str, ...] | None = None

    def wants(self, entry: Entry) -> bool:
        return (
            (self.apps is None or not set(self.apps).isdisjoint(entry.about))
            and (self.within is None or set(entry.about) <= set(self.within))
            and self.by in (None, entry.by)
            and self.what in (None, entry.what)
        )


@dataclass(frozen=True)
class AuditPage:
    """Some entries, and where to go on, if there may be more; a page that has few of them, or none, says nothing."""

    items: Sequence[Entry]
    after_id: str | None


def page_of(newest_first: Iterator[Entry], query: AuditQuery) -> AuditPage:
    """Take the entries that are wanted, and give up after a thousand others: a page has its price, however rare.

    What is about several apps may come once for each of them.
    """
    found: list[Entry] = []
    last: str | None = None
    for number, entry in enumerate(newest_first):
        if len(found) == query.limit or number == MOST_READ:
            return AuditPage(found, last)
        if entry.id == last:
            continue
        last = entry.id
        if query.wants(entry):
            found.append(entry)
    return AuditPage(found, None)


def first_kept(now: datetime) -> datetime:
    """Return the time before which entries are forgotten."""
    return now - KEPT_FOR


def changed(before: Record, after: Record, but: Sequence[str] = (), more: Sequence[str] = ()) -> list[str]:
    """Name what differs between two records, and no value of it: what is a mapping in both, by its keys.

    `but` are fields that are left to the caller, who names `more`.
    """
    was, now = before.model_dump(), after.model_dump()
    fields = [field for field in now if field not in (*_OWN_FIELDS, *but)]
    return _as_many_as_fit([*(name for field in fields for name in _names(field, was, now)), *more])


def _names(field: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    old, new = was.get(field), now[field]
    if old == new:
        return []
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return [field]
    keys = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return [f"{field}.{key}" for key in keys] or [field]


def _as_many_as_fit(names: list[str]) -> list[str]:
    if size_of(names) <= LARGEST_NAMES:
        return names
    while names and size_of([*names, _CUT]) > LARGEST_NAMES:
        names = names[:-1]
    return [*names, _CUT]
