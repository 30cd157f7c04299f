"""What an app has by name, in DynamoDB: the record by app and name, and an item with the names of all that an app has.

The names are read with the app's newest state, which no index gives, and a set of them cannot outgrow its limit.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic

from chalicelib.adapters.dynamodb import DynamoTable, Item, number, text, text_in
from chalicelib.adapters.dynamodb_apps import app_key
from chalicelib.adapters.dynamodb_audit import entry_writes
from chalicelib.adapters.dynamodb_errors import ConditionsFailed
from chalicelib.domain.audit import Entry
from chalicelib.domain.errors import AppNotFound, Stale, TapitError
from chalicelib.domain.named_record import Kind, Named
from chalicelib.domain.record import Report, each_readable, insist, read_record
from chalicelib.ports import Page

AT_ONCE = 100  # records that one BatchGetItem takes
_RECORD, _APP = 0, 2  # their places in the transaction

FoundBy = Callable[[Any], Mapping[str, Any]]


def _nothing(_record: Any) -> Mapping[str, Any]:
    return {}


class DynamoNamedRecords(Generic[Named]):
    """`names` is the attribute with the set, `identity` the one with a record's id.

    `found_by` gives more attributes of a record's item. `report` is told of each record that the list leaves out
    because it cannot be read.
    """

    def __init__(
        self,
        table: DynamoTable,
        kind: Kind[Named],
        report: Report = insist,
        *,
        names: str,
        identity: str = "id",
        found_by: FoundBy = _nothing,
    ) -> None:
        self._table = table
        self._kind = kind
        self._report = report
        self._names = names
        self._identity = identity
        self._found_by = found_by

    def create(self, record: Named, most: int, entry: Entry | None = None) -> Named:
        put = self._table.put(self._item(record), "attribute_not_exists(pk)")
        name = self._table.include(self._names_key(record.app), self._names, record.name, below=most)
        is_there = self._table.check(app_key(record.app), "attribute_exists(pk)")
        try:
            self._table.write(put, name, is_there, *entry_writes(self._table, entry))
        except ConditionsFailed as refusal:
            raise self._refusal_of(record, most, refusal) from refusal
        return record

    def get(self, app: str, name: str) -> Named:
        found = self._table.get(self._key(app, name))
        if found is None:
            raise self._kind.missing(app, name)
        return self.read(found)

    def save(self, record: Named, entry: Entry | None = None) -> Named:
        saved = record.but(revision=record.revision + 1)
        put = self._table.put(self._item(saved), *self._unchanged(record))
        try:
            self._table.write(put, *entry_writes(self._table, entry))
        except ConditionsFailed as refusal:
            raise Stale(self._kind.called(record.name)) from refusal
        return saved

    def remove(self, record: Named, entry: Entry | None = None) -> None:
        removal = self._table.delete(self._key(record.app, record.name), *self._unchanged(record))
        name_too = self._table.exclude(self._names_key(record.app), self._names, record.name)
        try:
            self._table.write(removal, name_too, *entry_writes(self._table, entry))
        except ConditionsFailed as refusal:
            raise Stale(self._kind.called(record.name)) from refusal

    def names_of(self, app: str) -> Sequence[str]:
        """Return the names of all that an app has, in order."""
        found = self._table.get(self._names_key(app)) or {}
        return sorted(found.get(self._names, {}).get("SS", []))

    def list(self, app: str) -> Sequence[Named]:
        """Return all that an app has, by name."""
        batches = _in_batches(self.names_of(app), AT_ONCE)
        return [record for batch in batches for record in self._those(app, batch)]

    def page(self, app: str, limit: int, after_name: str | None) -> Page[Named]:
        left = [name for name in self.names_of(app) if name > (after_name or "")]
        found: list[Named] = []
        for batch in _in_batches(left, min(limit + 1, AT_ONCE)):  # one is enough where all can be read
            found += self._those(app, batch)
            if len(found) > limit:
                break
        return Page(found[:limit], has_more=len(found) > limit)

    def read(self, item: Item) -> Named:
        """Raise Unreadable when it cannot be."""
        return read_item(self._kind, item)

    def _those(self, app: str, names: Sequence[str]) -> Sequence[Named]:
        items = self._table.get_all([self._key(app, name) for name in names])
        return sorted(each_readable(items, self.read, self._report), key=lambda record: record.name)

    def _refusal_of(self, record: Named, most: int, refusal: ConditionsFailed) -> TapitError:
        if _APP in refusal.found:
            return AppNotFound(record.app)
        if _RECORD in refusal.found:
            return self._kind.taken(record.app, record.name)
        return self._kind.too_many(record.app, most)

    def _item(self, record: Named) -> Item:
        return {
            "pk": text(self._key(record.app, record.name)),
            self._identity: text(record.id),
            "revision": number(record.revision),
            "record": text(record.model_dump_json(exclude_defaults=True)),
            **self._found_by(record),
        }

    def _unchanged(self, record: Named) -> tuple[str, Item]:
        values = {":id": text(record.id), ":read": number(record.revision)}
        return f"{self._identity} = :id AND revision = :read", values

    def _key(self, app: str, name: str) -> str:
        return f"{self._kind.word}#{app}#{name}"

    def _names_key(self, app: str) -> str:
        return f"{self._kind.word}s#{app}"


def _in_batches(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (names[first : first + size] for first in range(0, len(names), size))


def read_item(kind: Kind[Named], item: Item) -> Named:
    return read_record(kind.record, text_in(item, "record"), text_in(item, "pk").replace("#", " "))
