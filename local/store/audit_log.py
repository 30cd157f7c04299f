"""The entries of the audit in SQLite: each is a row, written in the transaction of what it tells of."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain import ids
from chalicelib.domain.audit import AuditPage, AuditQuery, Entry, first_kept, page_of
from chalicelib.domain.record import Report, each_readable, insist, read_record
from local.store.database import Database, rows

_INSERT = "INSERT INTO audit (id, app, done_by, what, record) VALUES (?, ?, ?, ?, ?)"
_OF_SEVERAL_APPS = "audit_of_apps JOIN audit USING (id)"


def write_down(connection: sqlite3.Connection, entry: Entry | None) -> None:
    """Add an entry, if there is one, in the transaction that is under way."""
    if entry is not None:
        row = (entry.id, entry.app, entry.by, entry.what, entry.model_dump_json(exclude_defaults=True))
        connection.execute(_INSERT, row)
        several = [(app, entry.id) for app in entry.apps]
        connection.executemany("INSERT INTO audit_of_apps (app, id) VALUES (?, ?)", several)


class SqliteAuditLog:
    """`report` is told of each entry that a list leaves out because it cannot be read."""

    def __init__(self, database: Database, report: Report = insist) -> None:
        self._database = database
        self._report = report

    def list(self, query: AuditQuery) -> AuditPage:
        statement, values = _statement(query)
        with self._database.read() as connection, rows(connection, statement, values) as found:
            return page_of(each_readable(found, _entry, self._report), query)

    def remove_expired(self, now: datetime) -> None:
        """Forget what has been kept long enough."""
        with self._database.write() as connection:
            for statement in ("DELETE FROM audit WHERE id < ?", "DELETE FROM audit_of_apps WHERE id < ?"):
                connection.execute(statement, (ids.first_id_at(first_kept(now)),))


def _statement(query: AuditQuery) -> tuple[str, Sequence[str]]:
    """Return a walk along the index that has the fewest others on the way; of several apps, SQLite merges them."""
    bounds = {
        "id >= ?": ids.first_id_at(query.since) if query.since else None,
        "id < ?": query.after_id,
    }
    given = {condition: value for condition, value in bounds.items() if value is not None}
    places = _narrowest(query)
    selects = [
        f"SELECT id, record FROM {table} WHERE {' AND '.join([condition, *given])}"  # noqa: S608 - our own names
        for table, condition, _ in places
    ]
    values = [each for _, _, value in places for each in (*value, *given.values())]
    return f"{' UNION ALL '.join(selects)} ORDER BY id DESC", values


def _narrowest(query: AuditQuery) -> Sequence[tuple[str, str, Sequence[str]]]:
    """Return where the entries are: tables and conditions, each with its values."""
    if query.by is not None:
        return [("audit", "done_by = ?", [query.by])]
    if query.apps is not None:
        about_one = [("audit", "app = ?", [app]) for app in query.apps]
        about_several = [(_OF_SEVERAL_APPS, "audit_of_apps.app = ?", [app]) for app in query.apps]
        return [*about_one, *about_several] or [("audit", "FALSE", [])]
    if query.what is not None:
        return [("audit", "what = ?", [query.what])]
    return [("audit", "TRUE", [])]


def _entry(row: tuple[str, str]) -> Entry:
    entry_id, record = row
    return read_record(Entry, record, f"audit entry {entry_id}")
