"""The feeds of all apps in SQLite: an event is written in the transaction of the change that it tells of."""

import sqlite3
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from chalicelib.domain.errors import EventNotFound
from chalicelib.domain.event import Event, first_kept, read_event
from chalicelib.domain.record import Report, each_readable, insist
from chalicelib.ports import Clock, Page, Told
from local.store.database import Database, rows
from local.store.deliveries import send_to_all

TO_SEND = "to send"  # what those listen to who send events on; no task's id has a blank


def feed_of(app: str) -> str:
    """Return what those who wait for an app's events listen to."""
    return f"feed {app}"


def tell_event(connection: sqlite3.Connection, event: Event | None, now: datetime) -> Sequence[str]:
    """Add an event to its app's feed, if there is one, in the transaction that is under way.

    It will be sent to the subscriptions that want it. One that was told before keeps its place. Return who listens for
    that, to be told once it is on disk. It is kept, and tried, from `now` on: what it tells of may be long past, a
    task's end that no server was there to see.
    """
    if event is None:
        return ()
    told = connection.execute(
        "INSERT OR IGNORE INTO events (app, id, time, event) VALUES (?, ?, ?, ?)",
        (event.app, event.id, now.timestamp(), event.model_dump_json()),
    )
    is_sent = bool(told.rowcount) and send_to_all(connection, event, now)
    return (feed_of(event.app), TO_SEND) if is_sent else (feed_of(event.app),)


class SqliteFeed:
    """`report` is told of each event that is left out because it cannot be read."""

    def __init__(self, database: Database, clock: Clock, report: Report = insist) -> None:
        self._database = database
        self._clock = clock
        self._report = report

    def read(self, app: str, after: int, limit: int) -> Page[Told]:
        statement = "SELECT place, id, event FROM events WHERE app = ? AND place > ? ORDER BY place"
        with self._database.read() as connection, rows(connection, statement, (app, after)) as found:
            told = list(islice(each_readable(found, _told, self._report), limit + 1))
        return Page(told[:limit], has_more=len(told) > limit)

    def place_before(self, app: str, since: datetime) -> int:  # noqa: ARG002 - all feeds share their places
        first, last = self._one("SELECT min(place), max(place) FROM events")
        if first is None:
            return 0
        earliest = max(since, first_kept(self._clock.now())).timestamp()
        places = range(first, last + 1)
        # places are in the order of time, and an index of times would cost every change its writing
        return int(first) - 1 + bisect_left(places, earliest, key=self._time_from)

    def place_before_last(self, app: str, count: int) -> int:
        before = "SELECT place FROM events WHERE app = ? ORDER BY place DESC LIMIT 1 OFFSET ?"
        found = self._one(before, app, count)
        return int(found[0]) if found else 0

    def find(self, app: str, event_id: str) -> Event:
        found = self._one("SELECT place, id, event FROM events WHERE id = ? AND app = ?", event_id, app)
        if found is None:
            raise EventNotFound(event_id)
        return _told(found).event

    def remove_expired(self, limit: int) -> int:
        """Forget some of what has been kept long enough, and return how much."""
        oldest = "SELECT place, time FROM events ORDER BY place LIMIT ?"
        expired = f"SELECT place FROM ({oldest}) WHERE time < ?"  # noqa: S608
        values = (limit, first_kept(self._clock.now()).timestamp())
        with self._database.write() as connection:
            deleted = connection.execute(f"DELETE FROM events WHERE place IN ({expired})", values)  # noqa: S608
        return deleted.rowcount

    def _time_from(self, place: int) -> float:
        (time,) = self._one("SELECT time FROM events WHERE place >= ? ORDER BY place LIMIT 1", place)
        return float(time)

    def _one(self, statement: str, *values: object) -> Any:
        with self._database.read() as connection:
            return connection.execute(statement, values).fetchone()


def _told(row: tuple[int, str, str]) -> Told:
    place, event_id, text = row
    return Told(place, read_event(text, event_id))
