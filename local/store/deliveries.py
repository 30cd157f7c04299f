"""Deliveries in SQLite: what waits to be sent and what was sent, in one table.

Those of an event are written in its own transaction, so that what was told is sent, whatever happens then.
"""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime

from chalicelib.domain.audit import Entry
from chalicelib.domain.delivery import MOST_SHOWN, Backlog, Delivery
from chalicelib.domain.event import Event
from chalicelib.domain.fan_out import deliveries_of
from chalicelib.domain.record import Report, each_readable, insist, read_record
from local.store.audit_log import write_down
from local.store.database import Database, rows
from local.store.subscription_rows import SUBSCRIPTION_ROWS

# Nothing is kept of a subscription that is gone, nor of a try that ends when its event was resent meanwhile.
_RECORD = """
    INSERT INTO deliveries (subscription_id, event_id, subject, place, created_at, due_at, record)
    SELECT id, ?, ?, coalesce((SELECT place FROM events WHERE events.id = ?), 0), ?, ?, ?
    FROM subscriptions WHERE id = ?
    ON CONFLICT (subscription_id, event_id)
    DO UPDATE SET created_at = excluded.created_at, due_at = excluded.due_at, record = excluded.record
    WHERE excluded.created_at = created_at OR ?
"""
_FORGET = """
    DELETE FROM deliveries WHERE rowid IN (
        SELECT rowid FROM deliveries WHERE subscription_id = ? AND due_at IS NULL
        ORDER BY created_at DESC LIMIT -1 OFFSET ?
    )
"""


def send_to_all(connection: sqlite3.Connection, event: Event, now: datetime) -> bool:
    """Have an event delivered to those who want it, if any do, in the transaction that is under way.

    A subscription that cannot be read is left out; that is reported by whatever lists it.
    """
    subscriptions = SUBSCRIPTION_ROWS.list(connection, event.app, lambda _: None)
    made = deliveries_of(event, subscriptions, now)
    for each in made:
        _write(connection, each)
    return bool(made)


class SqliteDeliveries:
    """`report` is told of each record that the list leaves out because it cannot be read."""

    def __init__(self, database: Database, report: Report = insist) -> None:
        self._database = database
        self._report = report

    def record(self, delivery: Delivery, entry: Entry | None = None) -> None:
        """Besides what waits, the last 50 of a subscription are kept."""
        with self._database.write() as connection:
            _write(connection, delivery)
            if delivery.is_over:
                connection.execute(_FORGET, (delivery.subscription_id, MOST_SHOWN))
            write_down(connection, entry)

    def list(self, subscription_id: str, limit: int) -> Sequence[Delivery]:
        statement = "SELECT event_id, record FROM deliveries WHERE subscription_id = ? ORDER BY created_at DESC LIMIT ?"
        with (
            self._database.read() as connection,
            rows(connection, statement, (subscription_id, limit)) as found,
        ):
            return list(each_readable(found, _delivery, self._report))

    def backlog(self, subscription_id: str) -> Backlog | None:
        statement = "SELECT count(*), min(created_at) FROM deliveries WHERE subscription_id = ? AND due_at IS NOT NULL"
        with self._database.read() as connection:
            waiting, oldest = connection.execute(statement, (subscription_id,)).fetchone()
        return Backlog(waiting=waiting, oldest_at=datetime.fromtimestamp(oldest, UTC)) if waiting else None


def _write(connection: sqlite3.Connection, delivery: Delivery) -> None:
    connection.execute(
        _RECORD,
        (
            delivery.event_id,
            delivery.subject,
            delivery.event_id,
            delivery.created_at.timestamp(),
            delivery.due_at.timestamp() if delivery.due_at else None,
            delivery.model_dump_json(),
            delivery.subscription_id,
            delivery.tries == 0,
        ),
    )


def _delivery(row: tuple[str, str]) -> Delivery:
    event_id, record = row
    return read_record(Delivery, record, f"delivery of {event_id}")
