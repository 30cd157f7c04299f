"""What a task's item holds beside the record: what it is found by."""

from typing import Any
from zlib import crc32

from chalicelib.adapters.dynamodb import Item, Range, after, before, last_second, number, text
from chalicelib.domain import ids
from chalicelib.domain.listed_task import ListedTask
from chalicelib.domain.task import Task
from chalicelib.ports import TaskQuery

SHARDS = 4  # each takes 1,000 writes a second; a walk costs at least one small read of each


def task_key(task_id: str) -> str:
    return f"task#{task_id}"


def task_item(task: Task) -> Item:
    """Attributes that are left out keep the item out of the indexes on them."""
    found_by = {
        "app": task.app,
        "app_status": f"{task.app}#{task.status}",
        "app_creator": f"{task.app}#{task.created_by}",
        "app_initiator": None if task.initiated_by is None else f"{task.app}#{task.initiated_by}",
        "active_shard": None if task.is_final else str(shard_of(task.id)),
    }
    return {
        "pk": text(task_key(task.id)),
        "id": text(task.id),
        **{name: text(value) for name, value in found_by.items() if value is not None},
        "revision": number(task.revision),
        "summary": text(ListedTask.of(task).model_dump_json(exclude_none=True)),
        "record": text(task.model_dump_json(exclude_defaults=True)),
        **({"expires_at": last_second(task.expires_at)} if task.expires_at else {}),
    }


def task_of(item: Item) -> Task:
    return Task.model_validate_json(item["record"]["S"])


def listed_task_of(item: Item) -> ListedTask:
    return ListedTask.model_validate_json(item["summary"]["S"])


def range_of(query: TaskQuery) -> Range:
    index, attribute, partition = _index_of(query)
    bounds: dict[str, Any] = {}
    if query.since is not None:
        bounds["lowest"] = ids.first_id_at(query.since)
    if query.after_id is not None:
        bounds["highest"] = before(query.after_id)
    return Range(index, attribute, partition, **bounds, newest_first=True)


def shards_after(task_id: str | None) -> list[Range]:
    """Return what is left of a walk through the unfinished tasks; a task's own id says which shard it is in."""
    first = 0 if task_id is None else shard_of(task_id)
    ranges = [Range("active-tasks", "active_shard", str(shard)) for shard in range(first, SHARDS)]
    if task_id is not None:
        ranges[0] = Range("active-tasks", "active_shard", str(first), lowest=after(task_id))
    return ranges


def shard_of(task_id: str) -> int:
    return crc32(task_id.encode()) % SHARDS


def _index_of(query: TaskQuery) -> tuple[str, str, str]:
    if query.status is not None:
        return "tasks-by-status", "app_status", f"{query.app}#{query.status}"
    if query.initiated_by is not None:
        return "tasks-by-initiator", "app_initiator", f"{query.app}#{query.initiated_by}"
    if query.created_by is not None:
        return "tasks-by-creator", "app_creator", f"{query.app}#{query.created_by}"
    return "tasks-by-app", "app", query.app
