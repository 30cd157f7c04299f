"""Apps in SQLite."""

import sqlite3
from itertools import islice

from chalicelib.domain.app import App
from chalicelib.domain.audit import Entry
from chalicelib.domain.errors import AppExists, AppNotFound, Stale
from chalicelib.domain.record import Report, each_readable, insist, read_record
from chalicelib.ports import Page
from local.store.audit_log import write_down
from local.store.database import Database, rows


class SqliteAppStore:
    """The record as JSON, by name; `report` is told of each that the list leaves out because it cannot be read."""

    def __init__(self, database: Database, report: Report = insist) -> None:
        self._database = database
        self._report = report

    def create(self, app: App, entry: Entry | None = None) -> App:
        statement = "INSERT INTO apps (name, revision, record) VALUES (?, ?, ?)"
        with self._database.write() as connection:
            try:
                connection.execute(statement, (app.name, app.revision, app.model_dump_json()))
            except sqlite3.IntegrityError as error:
                raise AppExists(app.name) from error
            write_down(connection, entry)
        return app

    def get(self, name: str) -> App:
        with self._database.read() as connection:
            found = connection.execute("SELECT record FROM apps WHERE name = ?", (name,)).fetchone()
        if found is None:
            raise AppNotFound(name)
        return _app((name, *found))

    def save(self, app: App, entry: Entry | None = None) -> App:
        saved = app.but(revision=app.revision + 1)
        statement = "UPDATE apps SET revision = ?, record = ? WHERE name = ? AND revision = ?"
        values = (saved.revision, saved.model_dump_json(), app.name, app.revision)
        with self._database.write() as connection:
            if connection.execute(statement, values).rowcount == 0:
                raise Stale(f"App {app.name}")
            write_down(connection, entry)
        return saved

    def remove(self, app: App, entry: Entry | None = None) -> None:
        with self._database.write() as connection:
            statement = "DELETE FROM apps WHERE name = ? AND revision = ?"
            if connection.execute(statement, (app.name, app.revision)).rowcount == 0:
                raise Stale(f"App {app.name}")
            write_down(connection, entry)

    def list(self, limit: int, after_name: str | None) -> Page[App]:
        statement = "SELECT name, record FROM apps WHERE name > ? ORDER BY name"
        with self._database.read() as connection, rows(connection, statement, (after_name or "",)) as found:
            apps = list(islice(each_readable(found, _app, self._report), limit + 1))
        return Page(apps[:limit], has_more=len(apps) > limit)


def _app(row: tuple[str, str]) -> App:
    name, record = row
    return read_record(App, record, f"app {name}")
