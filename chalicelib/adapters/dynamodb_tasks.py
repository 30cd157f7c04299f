"""Task records in DynamoDB.

How many tasks of an app are unfinished is counted always, limit or not: a limit may be set on any day, and must
hold from then on. The count changes in the very transaction that makes a task, ends it or removes it, so it
cannot drift from the records.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from chalicelib.adapters.dynamodb import DynamoTable, Item, Write, is_expired, number
from chalicelib.adapters.dynamodb_errors import ConditionsFailed
from chalicelib.adapters.dynamodb_keys import DynamoKeys
from chalicelib.adapters.dynamodb_task_items import (
    listed_task_of,
    range_of,
    shards_after,
    task_item,
    task_key,
    task_of,
)
from chalicelib.domain.errors import IdTaken, LimitExceeded, Stale, TapitError, TaskNotFound, TaskRemoved
from chalicelib.domain.listed_task import ListedTask
from chalicelib.domain.task import Task
from chalicelib.ports import Clock, IdempotencyKey, Page, TaskQuery

_RECORD, _COUNT = 0, 1  # their places in every transaction


class DynamoTaskStore:
    def __init__(self, table: DynamoTable, clock: Clock) -> None:
        self._table = table
        self._keys = DynamoKeys(table)
        self._clock = clock

    def create(self, task: Task, key: IdempotencyKey | None, max_running: int | None) -> Task:
        record = self._table.put(task_item(task), "attribute_not_exists(pk)")
        count = self._count(task.app, int(not task.is_final), max_running)
        claim = [self._keys.claim(key, task.id, task.created_at)] if key else []
        try:
            self._table.write(record, count, *claim)
        except ConditionsFailed as refusal:
            earlier = self.find_by_key(key, task.created_at) if key else None
            if earlier is None:
                raise _refusal_of(task, max_running, refusal) from refusal
            return earlier
        return task

    def find_by_key(self, key: IdempotencyKey, now: datetime) -> Task | None:
        task_id = self._keys.earlier_task_id(key, now)
        if task_id is None:
            return None
        try:
            return self.get(task_id)
        except TaskNotFound as error:
            raise TaskRemoved(task_id) from error

    def get(self, task_id: str) -> Task:
        found = self._table.get(task_key(task_id))
        if found is None or self._is_expired(found):
            raise TaskNotFound(task_id)
        return task_of(found)

    def save(self, task: Task) -> Task:
        saved = task.but(revision=task.revision + 1)
        for was_unfinished in (True, False):  # only a lost task, seen to have ended after all, was finished
            try:
                self._table.write(*self._replacement(saved, was_unfinished=was_unfinished))
                return saved
            except ConditionsFailed as refusal:
                if not _is_at(task.revision, refusal.found[_RECORD]):
                    raise Stale(f"Task {task.id}") from refusal
        raise Stale(f"Task {task.id}")

    def remove(self, task: Task) -> None:
        removal = self._table.delete(task_key(task.id), "revision = :read", {":read": number(task.revision)})
        count = [] if task.is_final else [self._count(task.app, -1)]
        try:
            self._table.write(removal, *count)
        except ConditionsFailed as refusal:
            raise Stale(f"Task {task.id}") from refusal

    def list(self, query: TaskQuery) -> Page[ListedTask]:
        found = self._table.query(range_of(query), query.limit + 1)
        kept = (listed_task_of(item) for item in found if not self._is_expired(item))
        tasks = list(islice(kept, query.limit + 1))
        return Page(tasks[: query.limit], has_more=len(tasks) > query.limit)

    def list_active(self, after_id: str | None, limit: int) -> Page[Task]:
        tasks: list[Task] = []
        for shard in shards_after(after_id):
            wanted = limit + 1 - len(tasks)
            tasks += [task_of(item) for item in islice(self._table.query(shard, wanted), wanted)]
            if len(tasks) > limit:
                break
        return Page(tasks[:limit], has_more=len(tasks) > limit)

    def count_active(self, app: str) -> int:
        found = self._table.get(_count_key(app))
        return int(found["unfinished"]["N"]) if found else 0

    def _replacement(self, saved: Task, *, was_unfinished: bool) -> Sequence[Write]:
        """The count must change exactly once, so what is being replaced is part of the condition."""
        unfinished = "attribute_exists" if was_unfinished else "attribute_not_exists"
        record = self._table.put(
            task_item(saved),
            f"revision = :read AND {unfinished}(active_shard)",
            {":read": number(saved.revision - 1)},
        )
        change = int(not saved.is_final) - int(was_unfinished)
        return [record, self._count(saved.app, change)] if change else [record]

    def _count(self, app: str, change: int, below: int | None = None) -> Write:
        return self._table.add(_count_key(app), "unfinished", change, below)

    def _is_expired(self, item: Item) -> bool:
        return is_expired(item, self._clock.now())


def _refusal_of(task: Task, max_running: int | None, refusal: ConditionsFailed) -> TapitError:
    if _COUNT in refusal.found and max_running is not None:
        return LimitExceeded(task.app, "max_running", max_running, "that many tasks of it are unfinished")
    return IdTaken(task.id)


def _is_at(revision: int, found: Item) -> bool:
    return "revision" in found and int(found["revision"]["N"]) == revision


def _count_key(app: str) -> str:
    return f"unfinished#{app}"
