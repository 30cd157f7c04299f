"""Stores of what an app has by name, in SQLite."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Generic

from chalicelib.domain.audit import Entry
from chalicelib.domain.named_record import Named
from chalicelib.domain.record import Report, insist
from chalicelib.ports import Page
from local.store.audit_log import write_down
from local.store.database import Database
from local.store.named_rows import NamedRows


class SqliteNamedStore(Generic[Named]):
    """`tell` is called with who listens for what was written, once that is on disk.

    `report` is told of each record that the list leaves out because it cannot be read.
    """

    def __init__(
        self,
        database: Database,
        kept: NamedRows[Named],
        report: Report = insist,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._kept = kept
        self._report = report
        self._tell = tell

    def create(self, record: Named, most: int, entry: Entry | None = None) -> Named:
        with self._database.write() as connection:
            self._kept.insert(connection, record, most)
            write_down(connection, entry)
            listening = self._made(connection, record)
        self._tell_all(listening)
        return record

    def get(self, app: str, name: str) -> Named:
        with self._database.read() as connection:
            return self._kept.get(connection, app, name)

    def save(self, record: Named, entry: Entry | None = None) -> Named:
        with self._database.write() as connection:
            saved = self._kept.update(connection, record)
            write_down(connection, entry)
            listening = self._saved(connection, saved)
        self._tell_all(listening)
        return saved

    def remove(self, record: Named, entry: Entry | None = None) -> None:
        with self._database.write() as connection:
            self._kept.delete(connection, record)
            self._removed(connection, record)
            write_down(connection, entry)

    def list(self, app: str) -> Sequence[Named]:
        with self._database.read() as connection:
            return list(self._kept.list(connection, app, self._report))

    def page(self, app: str, limit: int, after_name: str | None) -> Page[Named]:
        with self._database.read() as connection:
            return self._kept.page(connection, app, limit, after_name, self._report)

    def _made(self, _connection: sqlite3.Connection, _record: Named) -> Sequence[str]:
        """Write what goes with a new one; return who listens for that."""
        return ()

    def _saved(self, _connection: sqlite3.Connection, _record: Named) -> Sequence[str]:
        """Write what goes with a changed one; return who listens for that."""
        return ()

    def _removed(self, _connection: sqlite3.Connection, _record: Named) -> None:
        """Remove what goes with it."""

    def _tell_all(self, listening: Sequence[str]) -> None:
        for name in listening:
            self._tell(name)
