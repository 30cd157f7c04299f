"""Tasks by tag: beside a task's record an item for each of its tags, which an index finds by app and tag.

The record's own item can be in an index under one value of each attribute, and a task has several tags. Such an item
says which task it is and no more, so it is written twice in a task's life and not with each change; a list reads the
records that it names.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice

from chalicelib.adapters.dynamodb import DynamoTable, Item, Write, last_second, text, text_in
from chalicelib.adapters.dynamodb_task_indexes import merged_by_id, ranges_of, tag_list, task_key
from chalicelib.domain.tags import all_written
from chalicelib.domain.task import Task
from chalicelib.ports import TaskQuery

# A life in days, and what is kept of it: two in a queue, a year at work, 90 on record. A limit may be set anew.
LONGEST_LIFE = timedelta(days=2 * 365)
LONGEST_LIFE_WITHOUT_LIMIT = timedelta(days=10 * 365)
_READ_AT_ONCE = 100  # the most that DynamoDB takes
_LISTED = ("id", "summary", "expires_at")


def tag_writes(table: DynamoTable, task: Task) -> Sequence[Write]:
    """Return what goes with a record's first write, and with the one that brings its end: they expire together."""
    # One that a version before tags brings to its end, or removes, leaves them as they are.
    outlived = task.created_at + (LONGEST_LIFE_WITHOUT_LIMIT if task.max_hours is None else LONGEST_LIFE)
    return [
        table.put(
            {
                "pk": text(_key(task, tag)),
                "app_list": text(tag_list(task.app, tag)),
                "id": text(task.id),
                "expires_at": last_second(task.expires_at or outlived),
            }
        )
        for tag in all_written(task.tags)
    ]


def tag_removals(table: DynamoTable, task: Task) -> Sequence[Write]:
    return [table.delete(_key(task, tag)) for tag in all_written(task.tags)]


def tagged_items(table: DynamoTable, query: TaskQuery) -> Iterator[Item]:
    """Yield what lists show of the tasks that have the tag, newest first; of those that are gone nothing."""
    found = merged_by_id([table.query(wanted, query.limit + 1) for wanted in ranges_of(query)])
    while some := list(islice(found, min(query.limit + 1, _READ_AT_ONCE))):
        items = table.get_parts([task_key(text_in(item, "id")) for item in some], _LISTED)
        yield from sorted(items, key=lambda item: text_in(item, "id"), reverse=True)


def _key(task: Task, tag: str) -> str:
    return f"tagged#{task.id}#{tag}"
