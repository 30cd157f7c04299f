"""Schedules in SQLite, with an index of all that are due one day, in the order of that day."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice

from chalicelib.domain.event import ScheduleEvent
from chalicelib.domain.record import Report, each_readable, insist
from chalicelib.domain.schedule import SCHEDULES, Schedule
from chalicelib.ports import Clock, Page
from local.store.database import Database, rows
from local.store.feed import tell_event
from local.store.named_rows import NamedRows
from local.store.named_store import SqliteNamedStore

TO_FIRE = "to fire"  # what whoever fires schedules listens to; no task's id has a blank


def _due_at(schedule: Schedule) -> float | None:
    return schedule.due_at.timestamp() if schedule.due_at else None


class SqliteScheduleStore(SqliteNamedStore[Schedule]):
    """Whoever listens to TO_FIRE is told when another one may be due first."""

    def __init__(
        self, database: Database, clock: Clock, tell: Callable[[str], None], report: Report = insist
    ) -> None:
        super().__init__(database, NamedRows(SCHEDULES, {"due_at": _due_at}), report, tell)
        self._clock = clock

    def due(self, until: datetime, limit: int, after: Schedule | None = None) -> Page[Schedule]:
        statement = "SELECT name, record FROM schedules WHERE due_at <= ?"
        values: list[object] = [until.timestamp()]
        if after is not None:
            statement += " AND (due_at, app, name) > (?, ?, ?)"
            values += [_due_at(after), after.app, after.name]
        in_order = f"{statement} ORDER BY due_at, app, name"
        with self._database.read() as connection, rows(connection, in_order, values) as found:
            schedules = list(islice(each_readable(found, self._kept.read, self._report), limit + 1))
        return Page(schedules[:limit], has_more=len(schedules) > limit)

    def _made(self, _connection: sqlite3.Connection, _schedule: Schedule) -> Sequence[str]:
        return (TO_FIRE,)

    def _saved(self, connection: sqlite3.Connection, schedule: Schedule) -> Sequence[str]:
        return (*tell_event(connection, ScheduleEvent.of(schedule), self._clock.now()), TO_FIRE)
