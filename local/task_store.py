"""Task records in SQLite: the record as JSON, beside it the columns that are searched by."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime

from chalicelib.domain import ids
from chalicelib.domain.errors import (
    IdempotencyConflict,
    IdTaken,
    LimitExceeded,
    Stale,
    TaskNotFound,
    TaskRemoved,
)
from chalicelib.domain.listed_task import ListedTask
from chalicelib.domain.task import Task
from chalicelib.ports import IdempotencyKey, Page, TaskQuery
from local.database import Database

_INSERT = """
    INSERT INTO tasks (app, status, initiated_by, created_by, is_active, revision, expires_at, record, id)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_UPDATE = """
    UPDATE tasks SET app = ?, status = ?, initiated_by = ?, created_by = ?, is_active = ?, revision = ?,
        expires_at = ?, record = ?
    WHERE id = ? AND revision = ?
"""


class SqliteTaskStore:
    """`tell` is called with the id of every task that was written, once it is on disk."""

    def __init__(self, database: Database, tell: Callable[[str], None]) -> None:
        self._database = database
        self._tell = tell

    def create(self, task: Task, key: IdempotencyKey | None, max_running: int | None) -> Task:
        with self._database.write() as connection:
            earlier = _earlier(connection, key, task.created_at) if key else None
            if earlier is not None:
                return earlier
            _refuse_too_many(connection, task.app, max_running)
            _insert(connection, task)
            if key is not None:
                _insert_key(connection, key, task.id)
        self._tell(task.id)
        return task

    def find_by_key(self, key: IdempotencyKey, now: datetime) -> Task | None:
        with self._database.read() as connection:
            return _earlier(connection, key, now)

    def get(self, task_id: str) -> Task:
        with self._database.read() as connection:
            return _get(connection, task_id)

    def save(self, task: Task) -> Task:
        saved = task.but(revision=task.revision + 1)
        with self._database.write() as connection:
            if connection.execute(_UPDATE, (*_row(saved), task.revision)).rowcount == 0:
                raise Stale(f"Task {task.id}")
        self._tell(task.id)
        return saved

    def remove(self, task: Task) -> None:
        with self._database.write() as connection:
            found = connection.execute(
                "DELETE FROM tasks WHERE id = ? AND revision = ?", (task.id, task.revision)
            )
            if found.rowcount == 0:
                raise Stale(f"Task {task.id}")
        self._tell(task.id)

    def list(self, query: TaskQuery) -> Page[ListedTask]:
        # The names are this module's own; every value is a parameter.
        conditions, values = ["app = ?"], [query.app]
        filters = {"status": query.status, "initiated_by": query.initiated_by, "created_by": query.created_by}
        for column, value in filters.items():
            if value is not None:
                conditions.append(f"{column} = ?")
                values.append(value)
        if query.since is not None:
            conditions.append("id >= ?")
            values.append(ids.first_id_at(query.since))
        if query.after_id is not None:
            conditions.append("id < ?")
            values.append(query.after_id)
        where = " AND ".join(conditions)
        statement = f"SELECT record FROM tasks WHERE {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
        with self._database.read() as connection:
            page = _page(connection.execute(statement, (*values, query.limit + 1)).fetchall(), query.limit)
        return Page([ListedTask.of(task) for task in page.items], page.has_more)

    def list_active(self, after_id: str | None, limit: int) -> Page[Task]:
        statement = "SELECT record FROM tasks WHERE is_active AND id > ? ORDER BY id LIMIT ?"
        with self._database.read() as connection:
            return _page(connection.execute(statement, (after_id or "", limit + 1)).fetchall(), limit)

    def count_active(self, app: str) -> int:
        with self._database.read() as connection:
            return _count_active(connection, app)

    def remove_expired(self, now: datetime, limit: int) -> Sequence[Task]:
        """Remove finished tasks that were kept long enough, and return them; forget old idempotency keys as well."""
        statement = "DELETE FROM tasks WHERE id IN (SELECT id FROM tasks WHERE expires_at < ? LIMIT ?) RETURNING record"
        with self._database.write() as connection:
            connection.execute("DELETE FROM idempotency_keys WHERE expires_at < ?", (now.timestamp(),))
            removed = connection.execute(statement, (now.timestamp(), limit)).fetchall()
        return [Task.model_validate_json(record) for (record,) in removed]


def _earlier(connection: sqlite3.Connection, key: IdempotencyKey, now: datetime) -> Task | None:
    found = connection.execute(
        "SELECT digest, task_id FROM idempotency_keys WHERE caller = ? AND key = ? AND expires_at >= ?",
        (key.caller, key.key, now.timestamp()),
    ).fetchone()
    if found is None:
        return None
    digest, task_id = found
    if digest != key.digest:
        raise IdempotencyConflict
    try:
        return _get(connection, task_id)
    except TaskNotFound as error:
        raise TaskRemoved(task_id) from error


def _get(connection: sqlite3.Connection, task_id: str) -> Task:
    found = connection.execute("SELECT record FROM tasks WHERE id = ?", (task_id,)).fetchone()
    if found is None:
        raise TaskNotFound(task_id)
    return Task.model_validate_json(found[0])


def _refuse_too_many(connection: sqlite3.Connection, app: str, max_running: int | None) -> None:
    if max_running is not None and _count_active(connection, app) >= max_running:
        raise LimitExceeded(app, "max_running", max_running, "that many tasks of it are unfinished")


def _count_active(connection: sqlite3.Connection, app: str) -> int:
    statement = "SELECT count(*) FROM tasks WHERE app = ? AND is_active"
    (count,) = connection.execute(statement, (app,)).fetchone()
    return int(count)


def _insert(connection: sqlite3.Connection, task: Task) -> None:
    try:
        connection.execute(_INSERT, _row(task))
    except sqlite3.IntegrityError as error:
        raise IdTaken(task.id) from error


def _insert_key(connection: sqlite3.Connection, key: IdempotencyKey, task_id: str) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO idempotency_keys (caller, key, digest, task_id, expires_at) VALUES (?, ?, ?, ?, ?)",
        (key.caller, key.key, key.digest, task_id, key.expires_at.timestamp()),
    )


def _row(task: Task) -> tuple[object, ...]:
    return (
        task.app,
        task.status,
        task.initiated_by,
        task.created_by,
        not task.is_final,
        task.revision,
        task.expires_at.timestamp() if task.expires_at else None,
        task.model_dump_json(),
        task.id,
    )


def _page(rows: Sequence[tuple[str]], limit: int) -> Page[Task]:
    return Page([Task.model_validate_json(record) for (record,) in rows[:limit]], has_more=len(rows) > limit)
