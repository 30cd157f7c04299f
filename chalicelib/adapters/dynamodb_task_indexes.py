"""What a task's item holds beside the record: what it is found by."""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import groupby
from zlib import crc32

from chalicelib.adapters.dynamodb import (
    HIGHEST,
    LOWEST,
    NEWS,
    Item,
    Range,
    after,
    before,
    last_second,
    number,
    text,
    text_in,
)
from chalicelib.domain import ids
from chalicelib.domain.event import TaskEvent
from chalicelib.domain.listed_task import ListedTask
from chalicelib.domain.record import read_record
from chalicelib.domain.task import Task
from chalicelib.domain.task_filter import FilterBy
from chalicelib.ports import TaskQuery

# The index of each filter by a field, and the attribute that it is of: the app and the field's value.
INDEXES = {
    FilterBy.STATUS: ("tasks-by-status", "app_status"),
    FilterBy.INITIATED_BY: ("tasks-by-initiator", "app_initiator"),
    FilterBy.CREATED_BY: ("tasks-by-creator", "app_creator"),
}
SHARDS = 4  # each takes 1,000 writes a second; a walk costs at least one small read of each


def task_key(task_id: str) -> str:
    return f"task#{task_id}"


def tag_list(app: str, tag: str) -> str:
    """Return the list that the tasks with this tag are in, in the index that has every list."""
    return f"tag#{app}#{tag}"


def task_item(task: Task) -> Item:
    """Attributes that are left out keep the item out of the indexes on them."""
    values = {attribute: getattr(task, by) for by, (_, attribute) in INDEXES.items()}
    found_by = {
        "app": task.app,
        **{name: None if value is None else f"{task.app}#{value}" for name, value in values.items()},
        "active_shard": None if task.is_final else str(shard_of(task.id)),
    }
    return {
        "pk": text(task_key(task.id)),
        "id": text(task.id),
        **{name: text(value) for name, value in found_by.items() if value is not None},
        **(NEWS if TaskEvent.of(task) else {}),
        "revision": number(task.revision),
        "summary": text(ListedTask.of(task).model_dump_json(exclude_defaults=True)),
        "record": text(task.model_dump_json(exclude_defaults=True)),
        **({"expires_at": last_second(task.expires_at)} if task.expires_at else {}),
    }


def task_of(item: Item) -> Task:
    return read_record(Task, text_in(item, "record"), f"task {text_in(item, 'id')}")


def listed_task_of(item: Item) -> ListedTask:
    return read_record(ListedTask, text_in(item, "summary"), f"task {text_in(item, 'id')}")


def ranges_of(query: TaskQuery) -> list[Range]:
    """Return where the tasks are: a range for each value of the filter."""
    lowest = max(ids.first_id_at(query.since) if query.since else LOWEST, query.id_begins or LOWEST)
    highest = min(before(query.after_id) if query.after_id else HIGHEST, query.id_begins + HIGHEST)
    if query.only is None:
        places = [("tasks-by-app", "app", query.app)]
    elif query.only.by is FilterBy.TAG:
        places = [("apps-by-name", "app_list", tag_list(query.app, value)) for value in query.only.values]
    else:
        places = [(*INDEXES[query.only.by], f"{query.app}#{value}") for value in query.only.values]
    return [Range(*place, lowest, highest, newest_first=True) for place in places]


def merged_by_id(newest_first: Sequence[Iterator[Item]]) -> Iterator[Item]:
    """Yield the items of all, newest first, reading on only where the next one comes from.

    A task that changes its status in between can be found under both: it is one task all the same.
    """
    found = merge(*newest_first, key=lambda item: text_in(item, "id"), reverse=True)
    return (next(same) for _, same in groupby(found, key=lambda item: text_in(item, "id")))


def shards_after(task_id: str | None) -> list[Range]:
    """Return what is left of a walk through the unfinished tasks; a task's own id says which shard it is in."""
    first = 0 if task_id is None else shard_of(task_id)
    ranges = [Range("active-tasks", "active_shard", str(shard)) for shard in range(first, SHARDS)]
    if task_id is not None:
        ranges[0] = Range("active-tasks", "active_shard", str(first), lowest=after(task_id))
    return ranges


def shard_of(task_id: str) -> int:
    return crc32(task_id.encode()) % SHARDS
