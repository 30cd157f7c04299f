"""The feeds of all apps in DynamoDB.

The places of an app's events count up without a gap, so that a reader knows when the index, which may lag, has not
come as far yet. An event's item is found by its id: told twice, it has one place all the same. Events are kept
compressed, which halves what writing them costs.
"""

import zlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from chalicelib.adapters.dynamodb import HIGHEST, DynamoTable, Item, Range, last_second, number, text, text_in
from chalicelib.adapters.dynamodb_errors import ConditionsFailed
from chalicelib.domain.errors import EventNotFound, Unavailable
from chalicelib.domain.event import KEPT_FOR, Event, first_kept, read_event
from chalicelib.domain.record import Report, each_readable, insist
from chalicelib.ports import Clock, Page, Told

AT_ONCE = 50  # in one transaction, which may hold 100
ATTEMPTS = 20
SETTLED = timedelta(minutes=1)  # the index lags by less, so what is missing before that has expired
_DIGITS = 15


class DynamoFeed:
    """`report` is told of each event that is left out because it cannot be read."""

    def __init__(self, table: DynamoTable, clock: Clock, report: Report = insist) -> None:
        self._table = table
        self._clock = clock
        self._report = report

    def append(self, app: str, events: Sequence[Event]) -> None:
        """Tell the events in this order; one that was told before keeps its place."""
        for first in range(0, len(events), AT_ONCE):
            self._append(app, events[first : first + AT_ONCE])

    def read(self, app: str, after: int, limit: int) -> Page[Told]:
        found = self._without_gaps(after, self._items(app, after + 1, limit + 1))
        told = list(islice(each_readable(found, _told, self._report), limit + 1))
        return Page(told[:limit], has_more=len(told) > limit)

    def place_before(self, app: str, since: datetime) -> int:
        if since <= first_kept(self._clock.now()):
            return 0
        places = range(1, self._last_place(app) + 1)
        return bisect_left(places, since, key=lambda place: self._told_from(app, place))

    def place_before_last(self, app: str, count: int) -> int:
        return max(0, self._last_place(app) - count)

    def find(self, app: str, event_id: str) -> Event:
        found = self._table.get(_pk(event_id))
        if found is None or text_in(found, "app_list") != _feed(app):
            raise EventNotFound(event_id)
        return _told(found).event

    def _append(self, app: str, events: Sequence[Event]) -> None:
        last = self._last_place(app)
        for _ in range(ATTEMPTS):
            if not events:
                return None
            try:
                return self._write(app, last, events)
            except ConditionsFailed as refusal:
                events = [event for number, event in enumerate(events, 1) if number not in refusal.found]
                last = self._last_place(app)
        raise Unavailable(f"Too many events of app {app} at once. Try again.")

    def _write(self, app: str, last: int, events: Sequence[Event]) -> None:
        now = self._clock.now()
        counted = self._table.put(
            # who has counted must be told from others who count on as far at the same time
            {
                "pk": text(_feed(app)),
                "last_place": number(last + len(events)),
                "first_of_last": text(events[0].id),
            },
            "attribute_not_exists(pk) OR last_place = :last",
            {":last": number(last)},
        )
        told = [
            self._table.put(_item(event, place, now), "attribute_not_exists(pk)")
            for place, event in enumerate(events, last + 1)
        ]
        self._table.write(counted, *told)

    def _last_place(self, app: str) -> int:
        found = self._table.get(_feed(app))
        return int(found["last_place"]["N"]) if found else 0

    def _told_from(self, app: str, place: int) -> datetime:
        """Return when the first event at this place or behind it was told."""
        found = next(self._items(app, place, 1), None)
        return self._clock.now() if found is None else _told_at(found)

    def _items(self, app: str, first: int, limit: int) -> Iterator[Item]:
        wanted = Range("apps-by-name", "app_list", _feed(app), _key(first), HIGHEST)
        return self._table.query(wanted, limit)

    def _without_gaps(self, after: int, items: Iterator[Item]) -> Iterator[Item]:
        settled, forgotten = self._clock.now() - SETTLED, first_kept(self._clock.now())
        for item in items:
            place = _place(item)
            if place > after + 1 and _told_at(item) > settled:
                return
            after = place
            if _told_at(item) > forgotten:
                yield item


def _item(event: Event, place: int, now: datetime) -> Item:
    record = f"{now.timestamp():.3f} {event.model_dump_json()}"
    return {
        "pk": text(_pk(event.id)),
        "app_list": text(_feed(event.app)),
        "id": text(_key(place)),
        "record": {"B": zlib.compress(record.encode())},
        "expires_at": last_second(now + KEPT_FOR),
    }


def _told(item: Item) -> Told:
    return Told(_place(item), read_event(_parts(item)[1], text_in(item, "pk").partition("#")[2]))


def _told_at(item: Item) -> datetime:
    return datetime.fromtimestamp(float(_parts(item)[0]), UTC)


def _parts(item: Item) -> tuple[str, str]:
    told_at, _, event = zlib.decompress(item["record"]["B"]).decode().partition(" ")
    return told_at, event


def _place(item: Item) -> int:
    return int(text_in(item, "id"))


def _key(place: int) -> str:
    return f"{place:0{_DIGITS}}"


def _pk(event_id: str) -> str:
    return f"event#{event_id}"


def _feed(app: str) -> str:
    return f"feed#{app}"
