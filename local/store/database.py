"""The one SQLite file: connections and transactions."""

import errno
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

from chalicelib.domain.errors import Unavailable
from local.store.disk_reserve import DiskReserve
from local.store.schema import migrate
from local.store.system_refusals import advice, refusal_to_write

MOST_READERS = 8  # at a time; the others wait some milliseconds, and files stay free for clients
MOST_FREE = 0.25  # of the file
PAGES_AT_ONCE = 200
LARGEST_JOURNAL = 16 << 20  # bytes that the write-ahead log may keep when it is not in use
_INCREMENTAL = 2
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# What the system refused, as far as SQLite tells it.
_REFUSED = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_CANTOPEN: 0,
    sqlite3.SQLITE_READONLY: 0,
}
_PRIMARY_CODE = 0xFF  # of SQLite's extended codes: sqlite.org/rescode.html


class Database:
    """Connections to one file, kept for reuse. Writers queue here, where waiting is fair, not in SQLite's polling."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reserve = DiskReserve(path.with_name("spare"))
        self._idle: list[sqlite3.Connection] = []
        self._idle_lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._reading = threading.BoundedSemaphore(MOST_READERS)
        self.trouble: str | None = None  # why the last change could not be written, if it could not
        with self._connection() as connection:
            connection.execute(
                "PRAGMA auto_vacuum = INCREMENTAL"
            )  # of a new file; an old one has to be rebuilt
            connection.execute("PRAGMA journal_mode = WAL")
            migrate(connection)
            _make_shrinkable(connection)
        self.keep_reserve()

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
                self.trouble = None
                self._reserve.regain()
            except BaseException:
                if connection.in_transaction:  # a full disk may have ended it already
                    connection.execute("ROLLBACK")
                raise

    def keep_reserve(self) -> None:
        """Take room for bad times; it was given up if the disk was full since."""
        self._reserve.keep()

    def give_back_room(self) -> None:
        """Return to the disk what removed records have left free in the file, if that is much of it.

        New records would fill it again; in small steps nobody who writes meanwhile waits for long.
        """
        with self.read() as connection:
            is_much = _number(connection, "freelist_count") > _number(connection, "page_count") * MOST_FREE
        while is_much:
            with self._write_lock, self._connection() as connection:
                connection.executescript(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})")
                is_much = _number(connection, "freelist_count") > 0

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
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE not in _DAMAGED:
                raise
            raise Unavailable(
                f"The database of the state folder is damaged: {error}.",
                hint="Stop the server, and put a backup of the state folder back.",
            ) from error
        finally:
            if connection is not None:
                with self._idle_lock:
                    self._idle.append(connection)

    def _unavailable(self, error: sqlite3.OperationalError) -> Unavailable:
        """To SQLite a full disk may be "disk I/O error"; whatever it is, the next try finds more room."""
        code = error.sqlite_errorcode & _PRIMARY_CODE
        if code not in _REFUSED:
            self.trouble = f"its state folder: {error}"
            return Unavailable(f"The state folder cannot be used right now: {error}.")
        refusal = refusal_to_write(self._path)
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            self._reserve.release()
        refusal = refusal or OSError(_REFUSED[code], str(error))
        self.trouble = f"its state folder, to which nothing can be written: {refusal.strerror}"
        mending = advice(refusal)
        return Unavailable(
            f"Nothing can be written to the state folder: {refusal.strerror}.", mending and f"{mending}."
        )

    def _open(self) -> sqlite3.Connection:
        # Any thread may use an idle connection, but only one at a time does.
        connection = sqlite3.connect(self._path, timeout=10, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {LARGEST_JOURNAL}")
        return connection


def _make_shrinkable(connection: sqlite3.Connection) -> None:
    if _number(connection, "auto_vacuum") == _INCREMENTAL:
        return
    with suppress(sqlite3.OperationalError):  # for want of room; it is tried again at the next start
        connection.execute("VACUUM")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    (number,) = connection.execute(f"PRAGMA {pragma}").fetchone()
    return int(number)


def rows(
    connection: sqlite3.Connection, statement: str, values: Sequence[object]
) -> AbstractContextManager[sqlite3.Cursor]:
    """Rows to take one by one, as many as are wanted; with an index for their order no others are looked at."""
    return closing(connection.execute(statement, values))
