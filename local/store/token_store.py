"""Tokens in SQLite."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice

from pydantic import ValidationError

from chalicelib.domain.audit import Entry
from chalicelib.domain.errors import IdTaken, OwnersToken, TokenExists, TokenNotFound, Unavailable, Unreadable
from chalicelib.domain.record import Report, each_readable, insist, problem_in
from chalicelib.domain.token import (
    KEPT_AFTER_EXPIRY,
    USES_ARE_NOTED_EVERY,
    ListedToken,
    Rights,
    Role,
    Token,
)
from chalicelib.ports import Page
from local.store.audit_log import write_down
from local.store.database import Database, rows

_TELL = "SELECT id, name, rights, created_at, created_by, last_used_at FROM tokens"
_INSERT = (
    "INSERT INTO tokens (id, name, secret_sha256, rights, expires_at, created_at, created_by, is_owner)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


class SqliteTokenStore:
    """A row each; of their secrets only digests. One of them is the owner's, which stays.

    No request waits for the disk because its token was used: that is written by `write_uses`, once a minute.
    `report` is told of each record that the list leaves out because it cannot be read.
    """

    def __init__(self, database: Database, report: Report = insist) -> None:
        self._database = database
        self._report = report
        self._used: dict[str, datetime] = {}

    def find(self, token_id: str) -> Token | None:
        statement = "SELECT name, secret_sha256, rights FROM tokens WHERE id = ?"
        with self._database.read() as connection:
            found = connection.execute(statement, (token_id,)).fetchone()
        if found is None:
            return None
        name, secret_sha256, rights = found
        kept = {**json.loads(rights), "id": token_id, "name": name, "secret_sha256": secret_sha256}
        try:
            return Token.model_validate(kept)
        except ValidationError as error:  # a newer version may have narrowed it
            raise Unreadable(f"token {token_id}", problem_in(error)) from error

    def add(
        self, token: Token, created_at: datetime, created_by: str | None = None, entry: Entry | None = None
    ) -> None:
        with self._database.write() as connection:
            if connection.execute("SELECT 1 FROM tokens WHERE name = ?", (token.name,)).fetchone():
                raise TokenExists(token.name)
            _insert(connection, token, created_at, created_by, is_owner=False)
            write_down(connection, entry)

    def is_owners(self, token_id: str) -> bool:
        statement = "SELECT 1 FROM tokens WHERE id = ? AND is_owner"
        with self._database.read() as connection:
            return connection.execute(statement, (token_id,)).fetchone() is not None

    def replace_owner(self, token: Token, created_at: datetime) -> None:
        """Know the owner by this token, and no more by the one before."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM tokens WHERE is_owner")
            _insert(connection, token, created_at, None, is_owner=True)

    def get(self, name: str) -> ListedToken:
        self.write_uses()
        statement = _TELL + " WHERE name = ? ORDER BY is_owner"
        with self._database.read() as connection:
            found = connection.execute(statement, (name,)).fetchone()
        if found is None:
            raise TokenNotFound(name)
        return _listed(found)

    def remove(self, token: ListedToken, entry: Entry | None = None) -> None:
        if self.is_owners(token.id):
            raise OwnersToken(token.name)
        with self._database.write() as connection:
            if connection.execute("DELETE FROM tokens WHERE id = ?", (token.id,)).rowcount:
                write_down(connection, entry)

    def list(self, limit: int, after_name: str | None) -> Page[ListedToken]:
        self.write_uses()
        statement = _TELL + " WHERE name > ? ORDER BY name"
        with self._database.read() as connection, rows(connection, statement, (after_name or "",)) as found:
            tokens = list(islice(each_readable(found, _listed, self._report), limit + 1))
        return Page(tokens[:limit], has_more=len(tokens) > limit)

    def note_use(self, token: Token, now: datetime) -> None:
        self._used[token.id] = now

    def write_uses(self) -> None:
        """Write down the uses that are news, if any is. With no room to write they are news again next time."""
        used, self._used = self._used, {}
        with suppress(Unavailable):
            self._write_news(list(used.items()))

    def _write_news(self, uses: Sequence[tuple[str, datetime]]) -> None:
        with self._database.read() as connection:
            known = dict(connection.execute("SELECT id, last_used_at FROM tokens").fetchall())
        news = [(at.isoformat(), id_) for id_, at in uses if id_ in known and not _is_lately(known[id_], at)]
        if news:
            with self._database.write() as connection:
                connection.executemany("UPDATE tokens SET last_used_at = ? WHERE id = ?", news)

    def remove_expired(self, now: datetime) -> None:
        """Forget those that have been good for nothing for a month."""
        with self._database.write() as connection:
            long_ago = (now - KEPT_AFTER_EXPIRY).timestamp()
            connection.execute("DELETE FROM tokens WHERE expires_at < ?", (long_ago,))


def _insert(
    connection: sqlite3.Connection,
    token: Token,
    created_at: datetime,
    created_by: str | None,
    *,
    is_owner: bool,
) -> None:
    row = (
        token.id,
        token.name,
        token.secret_sha256,
        token.model_dump_json(include=set(Rights.model_fields)),
        None if token.expires_at is None else token.expires_at.timestamp(),
        created_at.isoformat(),
        created_by,
        is_owner,
    )
    try:
        connection.execute(_INSERT, row)
    except sqlite3.IntegrityError as error:
        raise IdTaken(token.id) from error


def _is_lately(last_used_at: str | None, now: datetime) -> bool:
    return last_used_at is not None and now - datetime.fromisoformat(last_used_at) < USES_ARE_NOTED_EVERY


def _listed(row: tuple[str, str, str, str | None, str | None, str | None]) -> ListedToken:
    token_id, name, rights, created_at, created_by, last_used_at = row
    known = {"role": Role.ADMIN, "apps": None, "expires_at": None, **json.loads(rights)}
    told = {"created_at": created_at, "created_by": created_by, "last_used_at": last_used_at}
    try:
        return ListedToken.model_validate({**known, **told, "id": token_id, "name": name})
    except ValidationError as error:
        raise Unreadable(f"token {name}", problem_in(error)) from error
