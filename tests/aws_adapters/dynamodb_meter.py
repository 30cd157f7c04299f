"""What calls of DynamoDB cost, by the rules of its price list; moto's own figures are constants.

docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html and GSI.html: a strongly
consistent read costs a unit for each 4 KB, an eventually consistent one half of that; a write costs a unit for
each KB of the larger of the old and the new item, twice that in a transaction; each index whose entry changes
costs its own writes, two when the entry moves.
"""

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

from tests.dynamodb_table import PROPERTIES

READ_PRICE = 0.125e-6  # dollars for one unit on demand, us-east-1
WRITE_PRICE = 0.625e-6
Item = Mapping[str, Any]


class Meter:
    """A client that also writes down which calls were made, and what they cost; it looks with the one beside it."""

    def __init__(self, client: Any, beside: Any = None) -> None:
        self._client = client
        self._beside = beside or client
        self.calls: list[str] = []
        self.reads = 0.0
        self.writes = 0

    @property
    def dollars(self) -> float:
        return self.reads * READ_PRICE + self.writes * WRITE_PRICE

    def reset(self) -> None:
        self.calls, self.reads, self.writes = [], 0.0, 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**parameters: Any) -> Any:
            self.calls.append(name)
            changes = parameters.get("TransactItems") or [{name: parameters}]
            writes = [next(iter(change.values())) for change in changes] if name in _WRITING else []
            before = [self._item(write) for write in writes]
            answer = getattr(self._client, name)(**parameters)
            for write, old in zip(writes, before, strict=True):
                self.writes += _write_units(old, self._item(write), 2 if len(writes) > 1 else 1)
            self.reads += (
                self._batch_units(parameters) if name == "batch_get_item" else _read_units(name, answer)
            )
            return answer

        return call

    def _batch_units(self, parameters: Mapping[str, Any]) -> float:
        """Of an item the whole counts, whatever part of it is asked for."""
        units = 0.0
        for table, wanted in parameters["RequestItems"].items():
            price = 1 if wanted.get("ConsistentRead") else 0.5
            for key in wanted["Keys"]:
                item = self._beside.get_item(TableName=table, Key=key).get("Item", {})
                units += max(1, ceil(_size(item) / 4096)) * price
        return units

    def _item(self, write: Mapping[str, Any]) -> Item:
        key = write.get("Key") or {"pk": write["Item"]["pk"]}
        item: Item = self._beside.get_item(TableName=write["TableName"], Key=key).get("Item", {})
        return item


_WRITING = frozenset({"put_item", "update_item", "delete_item", "transact_write_items"})


def _read_units(name: str, answer: Mapping[str, Any]) -> float:
    if name == "get_item":
        return max(1, ceil(_size(answer.get("Item", {})) / 4096))
    if name == "query":  # of an index, which is always eventually consistent
        return max(1, ceil(sum(map(_size, answer["Items"])) / 4096)) / 2
    return 0


def _write_units(old: Item, new: Item, price: int) -> int:
    own = max(1, _kilobytes(old), _kilobytes(new)) * price
    return own + sum(_index_units(_entry(old, index), _entry(new, index), index) for index in _INDEXES)


def _index_units(old: Item, new: Item, index: Mapping[str, Any]) -> int:
    if old == new:
        return 0
    if old and new and all(old[key] == new[key] for key in _keys(index)):
        return max(_kilobytes(old), _kilobytes(new))
    return _kilobytes(old) + _kilobytes(new)


def _entry(item: Item, index: Mapping[str, Any]) -> Item:
    if not all(key in item for key in _keys(index)):
        return {}
    projected = {"pk", *_keys(index), *index["Projection"]["NonKeyAttributes"]}
    return {name: value for name, value in item.items() if name in projected}


def _keys(index: Mapping[str, Any]) -> list[str]:
    return [key["AttributeName"] for key in index["KeySchema"]]


def _kilobytes(item: Item) -> int:
    return ceil(_size(item) / 1024)


def _size(item: Item) -> int:
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "B":
            return len(held)
        case "SS":
            return sum(len(each.encode()) for each in held)
        case _:
            return len(held) // 2 + 2


_INDEXES = PROPERTIES["GlobalSecondaryIndexes"]
