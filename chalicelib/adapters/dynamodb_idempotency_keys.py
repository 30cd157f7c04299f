"""Idempotency keys in DynamoDB: which task a caller's request made, for as long as the key lives."""

from datetime import datetime

from chalicelib.adapters.dynamodb import DynamoTable, Item, Write, is_expired, last_second, second, text
from chalicelib.domain.errors import IdempotencyConflict
from chalicelib.ports import IdempotencyKey


class DynamoIdempotencyKeys:
    """A caller's id has no # in it, so no two pairs of caller and key are one item."""

    def __init__(self, table: DynamoTable) -> None:
        self._table = table

    def claim(self, key: IdempotencyKey, task_id: str, now: datetime) -> Write:
        """Take a key that is free, or whose time is over; DynamoDB deletes those only some time later."""
        return self._table.put(
            _item(key, task_id), "attribute_not_exists(pk) OR expires_at < :now", {":now": second(now)}
        )

    def earlier_task_id(self, key: IdempotencyKey, now: datetime) -> str | None:
        """Return which task the same request made before; raise IdempotencyConflict if it was another request."""
        found = self._table.get(_pk(key))
        if found is None or is_expired(found, now):
            return None
        if found["digest"]["S"] != key.digest:
            raise IdempotencyConflict
        task_id: str = found["task_id"]["S"]
        return task_id


def _item(key: IdempotencyKey, task_id: str) -> Item:
    return {
        "pk": text(_pk(key)),
        "digest": text(key.digest),
        "task_id": text(task_id),
        "expires_at": last_second(key.expires_at),
    }


def _pk(key: IdempotencyKey) -> str:
    return f"key#{key.caller}#{key.key}"
