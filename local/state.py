"""The state folder: one server's at a time, its database, its token.

StateError
├── NotWritable     the folder cannot be used
├── InUse           another server has it
└── TooNew          a newer version of the program wrote it
"""

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.token import new_token, read_token
from local.app_store import SqliteTokenStore
from local.database import Database, NewerSchema


class StateError(Exception):
    """The state folder cannot be opened; `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class NotWritable(StateError):
    pass


class InUse(StateError):
    pass


class TooNew(StateError):
    pass


@dataclass(frozen=True)
class StateFolder:
    """A folder that is ours until its lock is released, and what is in it."""

    path: Path
    database: Database

    @property
    def runs(self) -> Path:
        return self.path / "runs"

    @property
    def doorbell(self) -> Path:
        return self.path / "doorbell"

    def token(self, user: str) -> str:
        """Return the token of the machine's user: the same at every start, so that waiting clients go on."""
        kept = self.path / "token"
        tokens = SqliteTokenStore(self.database)
        text = kept.read_text() if kept.exists() else ""
        if not _is_known(tokens, text):
            token, text = new_token(user)
            tokens.remove_all()  # whoever removes the file wants the old one to be good for nothing
            tokens.add(token)
            _write_private(kept, text)
        return text

    def last_port(self) -> int | None:
        """Return the port of the last server here, so that a restart keeps its address."""
        port = _last_server(self.path).get("port")
        return port if isinstance(port, int) else None

    def last_url(self) -> object:
        """Return the address of the last server here; None when there was none."""
        return _last_server(self.path).get("url")

    def remember_server(self, url: str, port: int) -> None:
        _write_private(self.path / "server.json", json.dumps({"url": url, "port": port, "pid": os.getpid()}))


def _is_known(tokens: SqliteTokenStore, text: str) -> bool:
    read = read_token(text)
    token = tokens.find(read[0]) if read else None
    return read is not None and token is not None and token.accepts(read[1])


@contextmanager
def open_state(path: Path) -> Iterator[StateFolder]:
    """Open a state folder, making it when there is none; raise StateError when that cannot be."""
    lock = _lock(path)
    try:
        database = _open_database(path)
        try:
            _make_room_for_runs(path)
            yield StateFolder(path, database)
        finally:
            database.close()
    finally:
        os.close(lock)


def _make_room_for_runs(path: Path) -> None:
    """Nobody else may look in, whatever the state folder itself allows."""
    try:
        (path / "runs").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _not_writable(path, error.strerror) from error


def _lock(path: Path) -> int:
    """Two servers on one folder would launch every task twice."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _not_writable(path, error.strerror) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        server = _last_server(path).get("url", "its address is not known")
        raise InUse(
            f"Another server is using {path} ({server}).", "Use that one, or name another --state."
        ) from error
    return lock


def _open_database(path: Path) -> Database:
    file = path / "tapit.db"
    try:
        file.touch(mode=0o600)  # before SQLite makes it readable to all: apps' environments are in it
        return Database(file)
    except NewerSchema as error:
        raise TooNew(
            f"{path} comes from a newer version of tapit: {error}.", "Upgrade tapit, or name another --state."
        ) from error
    except (OSError, Unavailable, sqlite3.OperationalError) as error:
        raise _not_writable(path, str(error).rstrip(".")) from error
    except sqlite3.DatabaseError as error:
        raise StateError(
            f"{file} is not a database of tapit's: {error}.", "Name another --state, or put a backup back."
        ) from error


def _not_writable(path: Path, why: str | None) -> NotWritable:
    return NotWritable(
        f"The state folder {path} cannot be used: {why}.",
        "Mend its permissions, or name another one: --state DIR.",
    )


def _last_server(path: Path) -> dict[str, object]:
    try:
        known = json.loads((path / "server.json").read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write_private(path: Path, text: str) -> None:
    """Written whole or not at all, and readable to nobody else at any moment."""
    new = path.with_name(path.name + ".new")
    try:
        new.unlink(missing_ok=True)
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w") as writing:
            writing.write(text)
        new.replace(path)
    except OSError as error:
        raise _not_writable(path.parent, error.strerror) from error
