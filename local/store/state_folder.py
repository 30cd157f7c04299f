"""The state folder: one server's at a time, its database, its token.

StateError
├── NotWritable     the folder cannot be used
├── NotOurs         others can put things into it
├── InUse           another server has it
└── TooNew          a newer version of the program wrote it
"""

import fcntl
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.token import new_token, read_token
from local.store.database import Database
from local.store.private_file import write_private
from local.store.private_folder import NotPrivate, make_private_folder
from local.store.schema import NewerSchema
from local.store.socket_paths import socket_path
from local.store.system_refusals import advice, refusal_to_write
from local.store.token_store import SqliteTokenStore


class StateError(Exception):
    """The state folder cannot be opened; `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class NotWritable(StateError):
    pass


class NotOurs(StateError):
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
    database_file: os.stat_result
    lock: int

    def taken_away(self) -> Path | None:
        """Return what somebody removed or replaced under us: what is written to it now is in no folder any more."""
        if not _is_still(self.path / "lock", os.fstat(self.lock)):
            return self.path
        return None if _is_still(self.path / "tapit.db", self.database_file) else self.path / "tapit.db"

    @property
    def runs(self) -> Path:
        return self.path / "runs"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets.json"

    @property
    def notifications(self) -> Path:
        return self.path / "notifications"

    def token(self, user: str) -> str:
        """Return the token of the machine's user: the same at every start, so that waiting clients go on."""
        kept = self.path / "token"
        tokens = SqliteTokenStore(self.database)
        text = kept.read_text() if kept.exists() else ""
        if not _is_known(tokens, text):
            token, text = new_token(user)
            # Whoever removes the file wants the old one to be good for nothing.
            tokens.replace_owner(token, datetime.now(UTC))
            _write_private(kept, text)
        return text

    @property
    def socket(self) -> Path:
        """Where the API is served; the same at every start, so that profiles and waiting clients go on."""
        return socket_path(self.path / "api.sock")

    def remember_server(self, **addresses: str) -> None:
        """Say where this home is served now: `url`, and `tcp_url` when a port was asked for."""
        _write_private(self.path / "server.json", json.dumps({**addresses, "pid": os.getpid()}))


def watched(paths: Iterable[Path]) -> Callable[[], Path | None]:
    """Return a question: which of these files was removed or replaced since?"""
    known = {path: path.stat() for path in paths}
    return lambda: next((path for path, found in known.items() if not _is_still(path, found)), None)


def _is_still(path: Path, known: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), known)
    except OSError:
        return False


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
            yield StateFolder(path, database, (path / "tapit.db").stat(), lock)
        finally:
            database.close()
    finally:
        os.close(lock)


def _make_room_for_runs(path: Path) -> None:
    """Nobody else may look in, whatever the state folder itself allows."""
    try:
        make_private_folder(path / "runs")
    except OSError as error:
        raise _not_writable(path, error) from error


def _lock(path: Path) -> int:
    """Two servers on one folder would launch every task twice."""
    try:
        make_private_folder(path)
        lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except NotPrivate as error:
        hint = f"Name another one: --state DIR. {error.way_out}"
        raise NotOurs(str(error), hint.strip()) from error
    except OSError as error:
        raise _not_writable(path, error) from error
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
    except (OSError, Unavailable) as error:
        raise _not_writable(path, refusal_to_write(file) or error) from error
    except sqlite3.DatabaseError as error:
        raise StateError(
            f"{file} is not a database of tapit's: {error}.", "Name another --state, or put a backup back."
        ) from error


def _not_writable(path: Path, refusal: OSError | Unavailable) -> NotWritable:
    if isinstance(refusal, OSError):
        why, mending = refusal.strerror or str(refusal), advice(refusal)
    else:
        why, mending = str(refusal).rstrip("."), (refusal.hint or "").rstrip(".")
    return NotWritable(
        f"The state folder {path} cannot be used: {why}.",
        f"{mending or 'Mend that'}, or name another one: --state DIR.",
    )


def _last_server(path: Path) -> dict[str, object]:
    try:
        known = json.loads((path / "server.json").read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write_private(path: Path, text: str) -> None:
    try:
        write_private(path, text)
    except OSError as error:
        raise _not_writable(path.parent, error) from error
