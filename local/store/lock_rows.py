"""Locks in SQLite, within the transactions that change their tasks: a row for each that somebody holds."""

import sqlite3
from collections.abc import Callable

from chalicelib.domain.lock import Lock
from chalicelib.domain.record import read_record


def lock_of(connection: sqlite3.Connection, app: str, name: str) -> Lock:
    statement = "SELECT record FROM locks WHERE app = ? AND name = ?"
    found = connection.execute(statement, (app, name)).fetchone()
    if found is None:
        return Lock(app=app, name=name)
    return read_record(Lock, found[0], f"lock {name} of app {app}")


def change_lock(connection: sqlite3.Connection, app: str, name: str, change: Callable[[Lock], Lock]) -> Lock:
    lock = change(lock_of(connection, app, name))
    if lock.queue:
        statement = "INSERT OR REPLACE INTO locks (app, name, record) VALUES (?, ?, ?)"
        connection.execute(statement, (app, name, lock.model_dump_json(exclude_defaults=True)))
    else:
        connection.execute("DELETE FROM locks WHERE app = ? AND name = ?", (app, name))
    return lock
