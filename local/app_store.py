"""Apps and tokens in SQLite."""

import sqlite3

from chalicelib.domain.app import App
from chalicelib.domain.errors import AppExists, AppNotFound, Stale
from chalicelib.domain.token import Token
from chalicelib.ports import Page
from local.database import Database


class SqliteAppStore:
    """The record as JSON, by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, app: App) -> App:
        statement = "INSERT INTO apps (name, revision, record) VALUES (?, ?, ?)"
        with self._database.write() as connection:
            try:
                connection.execute(statement, (app.name, app.revision, app.model_dump_json()))
            except sqlite3.IntegrityError as error:
                raise AppExists(app.name) from error
        return app

    def get(self, name: str) -> App:
        with self._database.read() as connection:
            found = connection.execute("SELECT record FROM apps WHERE name = ?", (name,)).fetchone()
        if found is None:
            raise AppNotFound(name)
        return App.model_validate_json(found[0])

    def save(self, app: App) -> App:
        saved = app.but(revision=app.revision + 1)
        statement = "UPDATE apps SET revision = ?, record = ? WHERE name = ? AND revision = ?"
        values = (saved.revision, saved.model_dump_json(), app.name, app.revision)
        with self._database.write() as connection:
            if connection.execute(statement, values).rowcount == 0:
                raise Stale(f"App {app.name}")
        return saved

    def remove(self, app: App) -> None:
        with self._database.write() as connection:
            statement = "DELETE FROM apps WHERE name = ? AND revision = ?"
            if connection.execute(statement, (app.name, app.revision)).rowcount == 0:
                raise Stale(f"App {app.name}")

    def list(self, limit: int, after_name: str | None) -> Page[App]:
        statement = "SELECT record FROM apps WHERE name > ? ORDER BY name LIMIT ?"
        with self._database.read() as connection:
            rows = connection.execute(statement, (after_name or "", limit + 1)).fetchall()
        return Page(
            [App.model_validate_json(record) for (record,) in rows[:limit]], has_more=len(rows) > limit
        )


class SqliteTokenStore:
    """Tokens by id; their secrets only as digests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, token_id: str) -> Token | None:
        statement = "SELECT id, name, secret_sha256 FROM tokens WHERE id = ?"
        with self._database.read() as connection:
            found = connection.execute(statement, (token_id,)).fetchone()
        return Token(*found) if found else None

    def remove_all(self) -> None:
        """Make every token there is good for nothing."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM tokens")

    def add(self, token: Token) -> None:
        statement = "INSERT OR REPLACE INTO tokens (id, name, secret_sha256) VALUES (?, ?, ?)"
        with self._database.write() as connection:
            connection.execute(statement, (token.id, token.name, token.secret_sha256))
