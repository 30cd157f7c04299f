"""What an app has by name, in SQLite: a table of each kind, with the record as JSON and what it is searched by."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic

from chalicelib.domain.errors import AppNotFound, Stale
from chalicelib.domain.named_record import Kind, Named
from chalicelib.domain.record import Report, each_readable, read_record
from chalicelib.ports import Page
from local.store.database import rows

Row = tuple[str, str]  # a name, and the record


@dataclass(frozen=True)
class NamedRows(Generic[Named]):
    """Each call is a part of whatever transaction its connection is in.

    The table is called like several of the kind. `columns` are those beside app, name, id, revision and record, and
    what they hold of a record.
    """

    kind: Kind[Named]
    columns: Mapping[str, Callable[[Named], Any]] = field(default_factory=dict)

    def insert(self, connection: sqlite3.Connection, record: Named, most: int) -> None:
        """Raise AppNotFound, or what the kind has to say, when there cannot be one more of this name."""
        self._refuse_unfit(connection, record, most)
        values = self._values(record) | {"app": record.app, "name": record.name, "id": record.id}
        marks = ", ".join("?" * len(values))
        statement = f"INSERT INTO {self.table} ({', '.join(values)}) VALUES ({marks})"  # noqa: S608 - our own names
        connection.execute(statement, tuple(values.values()))

    def update(self, connection: sqlite3.Connection, record: Named) -> Named:
        """Write it with its revision one up, or raise Stale."""
        saved = record.but(revision=record.revision + 1)
        values = self._values(saved)
        assignments = ", ".join(f"{name} = ?" for name in values)
        statement = f"UPDATE {self.table} SET {assignments} WHERE id = ? AND revision = ?"  # noqa: S608
        found = connection.execute(statement, (*values.values(), record.id, record.revision))
        self._refuse_stale(found, record)
        return saved

    def delete(self, connection: sqlite3.Connection, record: Named) -> None:
        """Raise Stale if it changed since it was read."""
        statement = f"DELETE FROM {self.table} WHERE id = ? AND revision = ?"  # noqa: S608
        self._refuse_stale(connection.execute(statement, (record.id, record.revision)), record)

    def get(self, connection: sqlite3.Connection, app: str, name: str) -> Named:
        statement = f"SELECT name, record FROM {self.table} WHERE app = ? AND name = ?"  # noqa: S608
        found = connection.execute(statement, (app, name)).fetchone()
        if found is None:
            raise self.kind.missing(app, name)
        return self.read(found)

    def list(self, connection: sqlite3.Connection, app: str, report: Report) -> Iterator[Named]:
        """Yield an app's by name, and report those that cannot be read."""
        statement = f"SELECT name, record FROM {self.table} WHERE app = ? ORDER BY name"  # noqa: S608
        return each_readable(connection.execute(statement, (app,)).fetchall(), self.read, report)

    def page(
        self, connection: sqlite3.Connection, app: str, limit: int, after_name: str | None, report: Report
    ) -> Page[Named]:
        statement = f"SELECT name, record FROM {self.table} WHERE app = ? AND name > ? ORDER BY name"  # noqa: S608
        with rows(connection, statement, (app, after_name or "")) as found:
            records = list(islice(each_readable(found, self.read, report), limit + 1))
        return Page(records[:limit], has_more=len(records) > limit)

    def read(self, row: Row) -> Named:
        """Raise Unreadable when it cannot be."""
        name, record = row
        return read_record(self.kind.record, record, f"{self.kind.word} {name}")

    @property
    def table(self) -> str:
        return f"{self.kind.word}s"

    def _values(self, record: Named) -> dict[str, Any]:
        others = {name: value_of(record) for name, value_of in self.columns.items()}
        return {**others, "revision": record.revision, "record": record.model_dump_json()}

    def _refuse_unfit(self, connection: sqlite3.Connection, record: Named, most: int) -> None:
        app, name = record.app, record.name
        if connection.execute("SELECT 1 FROM apps WHERE name = ?", (app,)).fetchone() is None:
            raise AppNotFound(app)
        found = connection.execute(f"SELECT name FROM {self.table} WHERE app = ?", (app,))  # noqa: S608
        names = {name for (name,) in found}
        if name in names:
            raise self.kind.taken(app, name)
        if len(names) >= most:
            raise self.kind.too_many(app, most)

    def _refuse_stale(self, done: sqlite3.Cursor, record: Named) -> None:
        if done.rowcount == 0:
            raise Stale(self.kind.called(record.name))
