"""Task records in SQLite: the record as JSON, beside it the columns that are searched by."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from chalicelib.domain import ids
from chalicelib.domain.audit import Entry
from chalicelib.domain.errors import (
    IdempotencyConflict,
    IdTaken,
    LimitExceeded,
    Stale,
    TaskNotFound,
    TaskRemoved,
    Unreadable,
)
from chalicelib.domain.event import TaskEvent
from chalicelib.domain.listed_task import ListedTask
from chalicelib.domain.lock import Lock, joined, succeeded
from chalicelib.domain.record import Report, each_readable, insist, read_record
from chalicelib.domain.tags import all_written
from chalicelib.domain.task import Task
from chalicelib.domain.task_filter import FilterBy
from chalicelib.ports import Clock, IdempotencyKey, Page, TaskQuery
from local.store.audit_log import write_down
from local.store.database import Database, rows
from local.store.feed import tell_event
from local.store.lock_rows import change_lock, lock_of

Row = tuple[str, str]  # a task's id, and its record
Listed = TypeVar("Listed")

# The names in statements are this module's own; every value is a parameter.
AFTER_EVERY_ID = "~"
_COLUMNS = (FilterBy.STATUS, FilterBy.INITIATED_BY, FilterBy.CREATED_BY)
_CHANGING = ("app", *_COLUMNS, "is_active", "revision", "expires_at", "record")
_INSERT_TAG = "INSERT INTO task_tags (app, tag, id) VALUES (?, ?, ?)"
# CROSS keeps SQLite to this order; else it might walk through all of the app's tasks for the few that have a tag.
_TAGGED = "task_tags CROSS JOIN tasks USING (app, id)"
_INSERT = f"INSERT INTO tasks ({', '.join(_CHANGING)}, id) VALUES ({'?, ' * len(_CHANGING)}?)"  # noqa: S608
_UPDATE = f"UPDATE tasks SET {' = ?, '.join(_CHANGING)} = ? WHERE id = ? AND revision = ?"  # noqa: S608


class SqliteTaskStore:
    """`tell` is called with the id of every task that was written, and with who listens for its news, once on disk.

    `report` is told of each record that a list leaves out, or an end does without, because it cannot be read.
    """

    def __init__(
        self, database: Database, clock: Clock, tell: Callable[[str], None], report: Report = insist
    ) -> None:
        self._database = database
        self._clock = clock
        self._tell = tell
        self._report = report

    def create(self, task: Task, key: IdempotencyKey | None, max_running: int | None) -> Task:
        with self._database.write() as connection:
            earlier = _earlier(connection, key, task.created_at) if key else None
            if earlier is not None:
                return earlier
            _refuse_too_many(connection, task.app, max_running)
            _insert(connection, task)
            if task.lock is not None:
                join = partial(joined, task_id=task.id, if_locked=task.if_locked)
                change_lock(connection, task.app, task.lock, join)
            if key is not None:
                _insert_key(connection, key, task.id)
            listening = tell_event(connection, TaskEvent.of(task), self._clock.now())
        self._tell_all((task.id, *listening))
        return task

    def find_by_key(self, key: IdempotencyKey, now: datetime) -> Task | None:
        with self._database.read() as connection:
            return _earlier(connection, key, now)

    def get(self, task_id: str) -> Task:
        with self._database.read() as connection:
            return _get(connection, task_id)

    def get_all(self, task_ids: Sequence[str]) -> Sequence[Task]:
        statement = "SELECT id, record FROM tasks WHERE id IN (SELECT value FROM json_each(?))"
        with self._database.read() as connection:
            rows_found = connection.execute(statement, (json.dumps(list(task_ids)),)).fetchall()
        found = {task.id: task for task in each_readable(rows_found, _task, self._report)}
        return [found[task_id] for task_id in task_ids if task_id in found]

    def save(self, task: Task, entry: Entry | None = None, followed_by: Task | None = None) -> Task:
        saved = task.but(revision=task.revision + 1)
        written = [saved, *([followed_by] if followed_by else [])]
        with self._database.write() as connection:
            if connection.execute(_UPDATE, (*_row(saved), task.revision)).rowcount == 0:
                raise Stale(f"Task {task.id}")
            if saved.is_final:
                self._leave_lock(connection, saved, followed_by)
            if followed_by is not None:
                _insert(connection, followed_by)
            write_down(connection, entry)
            now = self._clock.now()
            listening = [name for each in written for name in tell_event(connection, TaskEvent.of(each), now)]
        self._tell_all((*(each.id for each in written), *listening))
        return saved

    def remove(self, task: Task, entry: Entry | None = None) -> None:
        with self._database.write() as connection:
            found = connection.execute(
                "DELETE FROM tasks WHERE id = ? AND revision = ?", (task.id, task.revision)
            )
            if found.rowcount == 0:
                raise Stale(f"Task {task.id}")
            self._leave_lock(connection, task)
            write_down(connection, entry)
        self._tell(task.id)

    def lock(self, app: str, name: str) -> Lock:
        with self._database.read() as connection:
            return lock_of(connection, app, name)

    def change_lock(self, app: str, name: str, change: Callable[[Lock], Lock]) -> Lock:
        with self._database.write() as connection:
            return change_lock(connection, app, name, change)

    def list(self, query: TaskQuery) -> Page[ListedTask]:
        statement, values = _list_statement(query)
        return self._page(_listed_task, statement, values, query.limit)

    def list_active(self, after_id: str | None, limit: int) -> Page[Task]:
        statement = "SELECT id, record FROM tasks WHERE is_active AND id > ? ORDER BY id"
        return self._page(_task, statement, [after_id or ""], limit)

    def count_active(self, app: str) -> int:
        with self._database.read() as connection:
            return _count_active(connection, app)

    def known(self, task_ids: Iterable[str]) -> set[str]:
        """Return which of these have a record, whether this version can read it or not."""
        statement = "SELECT id FROM tasks WHERE id IN (SELECT value FROM json_each(?))"
        with self._database.read() as connection:
            return {task_id for (task_id,) in connection.execute(statement, (json.dumps(list(task_ids)),))}

    def remove_expired(self, now: datetime, limit: int) -> Sequence[Task]:
        """Remove finished tasks that were kept long enough, and return them; forget old idempotency keys as well."""
        expired = "SELECT id FROM tasks WHERE expires_at < ? LIMIT ?"
        statement = f"DELETE FROM tasks WHERE id IN ({expired}) RETURNING id, record"  # noqa: S608
        with self._database.write() as connection:
            connection.execute("DELETE FROM idempotency_keys WHERE expires_at < ?", (now.timestamp(),))
            removed = connection.execute(statement, (now.timestamp(), limit)).fetchall()
        return list(each_readable(removed, _task, self._report))

    def _leave_lock(
        self, connection: sqlite3.Connection, task: Task, followed_by: Task | None = None
    ) -> None:
        """An end depends on no other record: a lock that cannot be read is told of, and left as it is."""
        if task.lock is None:
            return
        leave = partial(succeeded, task_id=task.id, followed_by=followed_by.id if followed_by else None)
        try:
            change_lock(connection, task.app, task.lock, leave)
        except Unreadable as problem:
            self._report(problem)

    def _tell_all(self, names: Iterable[str]) -> None:
        for name in names:
            self._tell(name)

    def _page(
        self, read: Callable[[Row], Listed], statement: str, values: Sequence[object], limit: int
    ) -> Page[Listed]:
        """Take rows until the page is full: how many of them cannot be read is not known before."""
        with self._database.read() as connection, rows(connection, statement, values) as found:
            items = list(islice(each_readable(found, read, self._report), limit + 1))
        return Page(items[:limit], has_more=len(items) > limit)


def _list_statement(query: TaskQuery) -> tuple[str, list[str]]:
    """A SELECT for each value of the filter, which SQLite merges row by row, each in its index's order.

    With `IN` it would walk through all of the app's tasks for the few that have a rare status.
    """
    conditions, bounds = ["app = ?"], [query.app]
    if query.since is not None:
        conditions.append("id >= ?")
        bounds.append(ids.first_id_at(query.since))
    if query.after_id is not None:
        conditions.append("id < ?")
        bounds.append(query.after_id)
    if query.id_begins:
        conditions += ["id >= ?", "id < ?"]
        bounds += [query.id_begins, query.id_begins + AFTER_EVERY_ID]
    tasks = _TAGGED if query.only and query.only.by is FilterBy.TAG else "tasks"
    select = f"SELECT id, record FROM {tasks} WHERE {' AND '.join(conditions)}"  # noqa: S608
    if query.only is None:
        return f"{select} ORDER BY id DESC", bounds
    selects = [f"{select} AND {query.only.by} = ?"] * len(query.only.values)
    values = [value for filtered in query.only.values for value in (*bounds, filtered)]
    return f"{' UNION ALL '.join(selects)} ORDER BY id DESC", values


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
    return _task((task_id, *found))


def _task(row: Row) -> Task:
    task_id, record = row
    return read_record(Task, record, f"task {task_id}")


def _listed_task(row: Row) -> ListedTask:
    task_id, record = row
    return read_record(ListedTask, record, f"task {task_id}")


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
    connection.executemany(_INSERT_TAG, [(task.app, tag, task.id) for tag in all_written(task.tags)])


def _insert_key(connection: sqlite3.Connection, key: IdempotencyKey, task_id: str) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO idempotency_keys (caller, key, digest, task_id, expires_at) VALUES (?, ?, ?, ?, ?)",
        (key.caller, key.key, key.digest, task_id, key.expires_at.timestamp()),
    )


def _row(task: Task) -> tuple[object, ...]:
    return (
        task.app,
        *(getattr(task, column) for column in _COLUMNS),
        not task.is_final,
        task.revision,
        task.expires_at.timestamp() if task.expires_at else None,
        task.model_dump_json(),
        task.id,
    )
