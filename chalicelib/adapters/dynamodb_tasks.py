"""Task records in DynamoDB.

How many tasks of an app are unfinished is counted always, limit or not: a limit may be set on any day, and must
hold from then on. The count changes in the very transaction that makes a task, ends it or removes it, so it
cannot drift from the records.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice

from chalicelib.adapters.dynamodb import DynamoTable, Item, Write, is_expired, number
from chalicelib.adapters.dynamodb_audit import entry_writes
from chalicelib.adapters.dynamodb_errors import ConditionsFailed
from chalicelib.adapters.dynamodb_idempotency_keys import DynamoIdempotencyKeys
from chalicelib.adapters.dynamodb_locks import ChangeOfLock, DynamoLocks
from chalicelib.adapters.dynamodb_task_indexes import (
    listed_task_of,
    merged_by_id,
    ranges_of,
    shards_after,
    task_item,
    task_key,
    task_of,
)
from chalicelib.adapters.dynamodb_task_tags import tag_removals, tag_writes, tagged_items
from chalicelib.domain.audit import Entry
from chalicelib.domain.errors import (
    IdTaken,
    LimitExceeded,
    Locked,
    Stale,
    TapitError,
    TaskNotFound,
    TaskRemoved,
    TooManyWait,
    Unreadable,
)
from chalicelib.domain.listed_task import ListedTask
from chalicelib.domain.lock import Lock, joined, left, succeeded
from chalicelib.domain.record import Report, each_readable, insist
from chalicelib.domain.task import Task
from chalicelib.domain.task_filter import FilterBy
from chalicelib.ports import Clock, IdempotencyKey, Page, TaskQuery

_RECORD, _COUNT = 0, 1  # their places in every transaction


class DynamoTaskStore:
    """`report` is told of each record that a list leaves out, or an end does without, because it cannot be read."""

    def __init__(self, table: DynamoTable, clock: Clock, report: Report = insist) -> None:
        self._table = table
        self._keys = DynamoIdempotencyKeys(table)
        self._locks = DynamoLocks(table, clock)
        self._clock = clock
        self._report = report

    def create(self, task: Task, key: IdempotencyKey | None, max_running: int | None) -> Task:
        record = self._table.put(task_item(task), "attribute_not_exists(pk)")
        count = self._count(task.app, int(not task.is_final), max_running)
        claim = [self._keys.claim(key, task.id, task.created_at)] if key else []
        try:
            join = partial(joined, task_id=task.id, if_locked=task.if_locked)
            self._write(task, join, record, count, *claim, *tag_writes(self._table, task))
        except (ConditionsFailed, Locked, TooManyWait, Unreadable) as refusal:
            earlier = self.find_by_key(key, task.created_at) if key else None
            if earlier is not None:
                return earlier
            if isinstance(refusal, ConditionsFailed):
                raise _refusal_of(task, max_running, refusal) from refusal
            raise
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

    def get_all(self, task_ids: Sequence[str]) -> Sequence[Task]:
        items = self._table.get_all([task_key(task_id) for task_id in dict.fromkeys(task_ids)])
        kept = [item for item in items if not self._is_expired(item)]
        found = {task.id: task for task in each_readable(kept, task_of, self._report)}
        return [found[task_id] for task_id in task_ids if task_id in found]

    def save(self, task: Task, entry: Entry | None = None, followed_by: Task | None = None) -> Task:
        saved = task.but(revision=task.revision + 1)
        leave = partial(succeeded, task_id=task.id, followed_by=followed_by.id if followed_by else None)
        for was_unfinished in (True, False):  # only a lost task, seen to have ended after all, was finished
            try:
                replacement = self._replacement(saved, followed_by, was_unfinished=was_unfinished)
                writes = [*replacement, *entry_writes(self._table, entry)]
                if saved.is_final:
                    self._leave(saved, leave, *writes)
                else:
                    self._table.write(*writes)
                return saved
            except ConditionsFailed as refusal:
                if _RECORD not in refusal.found:
                    raise IdTaken(followed_by.id if followed_by else task.id) from refusal
                if not _is_at(task.revision, refusal.found[_RECORD]):
                    raise Stale(f"Task {task.id}") from refusal
        raise Stale(f"Task {task.id}")

    def remove(self, task: Task, entry: Entry | None = None) -> None:
        removal = self._table.delete(task_key(task.id), "revision = :read", {":read": number(task.revision)})
        count = [] if task.is_final else [self._count(task.app, -1)]
        tags = tag_removals(self._table, task)
        try:
            change = partial(left, task_id=task.id)
            self._leave(task, change, removal, *count, *tags, *entry_writes(self._table, entry))
        except ConditionsFailed as refusal:
            raise Stale(f"Task {task.id}") from refusal

    def lock(self, app: str, name: str) -> Lock:
        return self._locks.get(app, name)

    def change_lock(self, app: str, name: str, change: Callable[[Lock], Lock]) -> Lock:
        return self._locks.change(app, name, change)

    def list(self, query: TaskQuery) -> Page[ListedTask]:
        kept = (item for item in self._found(query) if not self._is_expired(item))
        tasks = list(islice(each_readable(kept, listed_task_of, self._report), query.limit + 1))
        return Page(tasks[: query.limit], has_more=len(tasks) > query.limit)

    def list_active(self, after_id: str | None, limit: int) -> Page[Task]:
        tasks: list[Task] = []
        for shard in shards_after(after_id):
            wanted = limit + 1 - len(tasks)
            found = self._table.query(shard, wanted)
            tasks += islice(each_readable(found, task_of, self._report), wanted)
            if len(tasks) > limit:
                break
        return Page(tasks[:limit], has_more=len(tasks) > limit)

    def count_active(self, app: str) -> int:
        found = self._table.get(_count_key(app))
        return int(found["unfinished"]["N"]) if found else 0

    def _found(self, query: TaskQuery) -> Iterator[Item]:
        if query.only is not None and query.only.by is FilterBy.TAG:
            return tagged_items(self._table, query)
        return merged_by_id([self._table.query(wanted, query.limit + 1) for wanted in ranges_of(query)])

    def _write(self, task: Task, change: ChangeOfLock, *writes: Write) -> None:
        if task.lock is None:
            self._table.write(*writes)
        else:
            self._locks.write_with(task.app, task.lock, change, writes)

    def _leave(self, task: Task, change: ChangeOfLock, *writes: Write) -> None:
        """An end depends on no other record: a lock that cannot be read is told of, and left as it is."""
        try:
            self._write(task, change, *writes)
        except Unreadable as problem:
            self._report(problem)
            self._table.write(*writes)

    def _replacement(self, saved: Task, followed_by: Task | None, *, was_unfinished: bool) -> Sequence[Write]:
        """The count must change exactly once, so what is being replaced is part of the condition."""
        unfinished = "attribute_exists" if was_unfinished else "attribute_not_exists"
        record = self._table.put(
            task_item(saved),
            f"revision = :read AND {unfinished}(active_shard)",
            {":read": number(saved.revision - 1)},
        )
        new = [self._table.put(task_item(followed_by), "attribute_not_exists(pk)")] if followed_by else []
        change = int(not saved.is_final) - int(was_unfinished) + len(new)
        count = [self._count(saved.app, change)] if change else []
        changed = [*([saved] if saved.is_final else []), *([followed_by] if followed_by else [])]
        tags = [write for task in changed for write in tag_writes(self._table, task)]
        return [record, *new, *count, *tags]

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
