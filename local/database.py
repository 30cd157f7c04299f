"""The one SQLite file: connections, transactions, and the schema with its migrations."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chalicelib.domain.errors import Unavailable
from local.spare import Spare

# Each entry brings the schema one version up; entries are only ever added, never changed.
MIGRATIONS = (
    """
    CREATE TABLE apps (
        name TEXT PRIMARY KEY,
        revision INTEGER NOT NULL,
        record TEXT NOT NULL
    );
    CREATE TABLE tasks (
        id TEXT PRIMARY KEY,
        app TEXT NOT NULL,
        status TEXT NOT NULL,
        initiated_by TEXT,
        created_by TEXT NOT NULL,
        is_active INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        expires_at REAL,
        record TEXT NOT NULL
    );
    CREATE INDEX tasks_by_app ON tasks (app, id);
    CREATE INDEX tasks_by_status ON tasks (app, status, id);
    CREATE INDEX tasks_by_initiator ON tasks (app, initiated_by, id) WHERE initiated_by IS NOT NULL;
    CREATE INDEX tasks_by_creator ON tasks (app, created_by, id);
    CREATE INDEX active_tasks ON tasks (id) WHERE is_active;
    CREATE INDEX active_tasks_by_app ON tasks (app) WHERE is_active;
    CREATE INDEX tasks_by_expiry ON tasks (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE idempotency_keys (
        caller TEXT NOT NULL,
        key TEXT NOT NULL,
        digest TEXT NOT NULL,
        task_id TEXT NOT NULL,
        expires_at REAL NOT NULL,
        PRIMARY KEY (caller, key)
    ) WITHOUT ROWID;
    CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
    CREATE TABLE tokens (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        secret_sha256 TEXT NOT NULL
    );
    """,
)


MOST_READERS = 8  # at a time; the others wait some milliseconds, and files stay free for clients
_PRIMARY_CODE = 0xFF  # of SQLite's extended codes: sqlite.org/rescode.html


class NewerSchema(Exception):
    """The file was written by a newer version of the program."""


class Database:
    """Connections to one file, kept for reuse. Writers queue here, where waiting is fair, not in SQLite's polling."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._spare = Spare(path.with_name("spare"))
        self._idle: list[sqlite3.Connection] = []
        self._idle_lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._reading = threading.BoundedSemaphore(MOST_READERS)
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            _migrate(connection)
        self.keep_spare()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection for single statements, each its own consistent view; a block asks for no other one."""
        with self._reading, self._connection() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: on disk when the block ends, undone when it raises."""
        with self._write_lock, self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk may have ended it already
                    connection.execute("ROLLBACK")
                raise

    def keep_spare(self) -> None:
        """Take room for bad times; it was given up if the disk was full since."""
        self._spare.keep()

    def close(self) -> None:
        with self._idle_lock:
            while self._idle:
                self._idle.pop().close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._idle_lock:
            connection = self._idle.pop() if self._idle else None
        try:
            connection = connection or self._open()
            yield connection
        except sqlite3.OperationalError as error:
            raise self._unavailable(error) from error
        finally:
            if connection is not None:
                with self._idle_lock:
                    self._idle.append(connection)

    def _unavailable(self, error: sqlite3.OperationalError) -> Unavailable:
        """A full disk is "disk I/O error" as well; whatever it is, the next try finds more room."""
        if error.sqlite_errorcode & _PRIMARY_CODE not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            return Unavailable(f"The state folder cannot be used right now: {error}.")
        self._spare.release()
        return Unavailable(
            f"Nothing can be written to the state folder: {error}.", hint="Free some space on its disk."
        )

    def _open(self) -> sqlite3.Connection:
        # Any thread may use an idle connection, but only one at a time does.
        connection = sqlite3.connect(self._path, timeout=10, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA synchronous = FULL")
        return connection


def _migrate(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise NewerSchema(f"it has schema version {version}; this program knows up to {len(MIGRATIONS)}")
    for number, migration in enumerate(MIGRATIONS[version:], start=version + 1):
        # One script is one transaction, so a crash leaves the old version or the new one.
        connection.executescript(f"BEGIN IMMEDIATE; {migration}; PRAGMA user_version = {number}; COMMIT;")
