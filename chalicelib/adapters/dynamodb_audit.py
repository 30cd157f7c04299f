"""The entries of the audit in DynamoDB: each is one more item in the transaction of what it tells of.

The indexes of tasks list entries as well, each under another attribute: all of them, those about an app, those of
somebody, and those of one kind. No app's name has a #, so no list of tasks has an entry in it. In one index one list
takes 1,000 entries a second, which is what the list of an app's tasks takes of changes, too. What is about several apps
is an item more for each of them, in the list of that app alone.
"""

from collections.abc import Iterator, Mapping

from chalicelib.adapters.dynamodb import (
    HIGHEST,
    LOWEST,
    DynamoTable,
    Item,
    Range,
    Write,
    before,
    last_second,
    text,
    text_in,
)
from chalicelib.adapters.dynamodb_task_indexes import merged_by_id
from chalicelib.domain import ids
from chalicelib.domain.audit import KEPT_FOR, AuditPage, AuditQuery, Entry, page_of
from chalicelib.domain.record import Report, each_readable, insist, read_record

_EVERY = ("tasks-by-initiator", "app_initiator")
_OF_APP = ("tasks-by-app", "app")
_BY = ("tasks-by-creator", "app_creator")
_WHAT = ("tasks-by-status", "app_status")


def entry_writes(table: DynamoTable, entry: Entry | None) -> list[Write]:
    """Return what belongs into the transaction of what the entry tells of; nothing where there is none."""
    if entry is None:
        return []
    return [table.put(_item(entry)), *(table.put(_item_of_app(entry, app)) for app in entry.apps)]


class DynamoAuditLog:
    """`report` is told of each entry that a list leaves out because it cannot be read."""

    def __init__(self, table: DynamoTable, report: Report = insist) -> None:
        self._table = table
        self._report = report

    def list(self, query: AuditQuery) -> AuditPage:
        return page_of(each_readable(self._found(query), _entry, self._report), query)

    def _found(self, query: AuditQuery) -> Iterator[Item]:
        return merged_by_id([self._table.query(wanted, query.limit + 1) for wanted in _ranges(query)])


def _ranges(query: AuditQuery) -> list[Range]:
    """Return where the entries are: in the shortest list that has all of them."""
    lowest = ids.first_id_at(query.since) if query.since else LOWEST
    highest = before(query.after_id) if query.after_id else HIGHEST
    if query.by is not None:
        places = [(*_BY, _list(query.by))]
    elif query.apps is not None:
        places = [(*_OF_APP, _list(app)) for app in query.apps]
    elif query.what is not None:
        places = [(*_WHAT, _list(query.what))]
    else:
        places = [(*_EVERY, _list())]
    return [Range(*place, lowest, highest, newest_first=True) for place in places]


def _item(entry: Entry) -> Item:
    lists = {_EVERY: _list(), _BY: _list(entry.by), _WHAT: _list(entry.what)}
    if entry.app is not None:
        lists[_OF_APP] = _list(entry.app)
    return _listed(f"audit#{entry.id}", entry, lists)


def _item_of_app(entry: Entry, app: str) -> Item:
    return _listed(f"audit#{entry.id}#{app}", entry, {_OF_APP: _list(app)})


def _listed(key: str, entry: Entry, lists: Mapping[tuple[str, str], str]) -> Item:
    return {
        "pk": text(key),
        "id": text(entry.id),
        **{attribute: text(value) for (_, attribute), value in lists.items()},
        "summary": text(entry.model_dump_json(exclude_defaults=True)),
        "expires_at": last_second(entry.time + KEPT_FOR),
    }


def _entry(item: Item) -> Entry:
    return read_record(Entry, text_in(item, "summary"), f"audit entry {text_in(item, 'id')}")


def _list(of: str = "") -> str:
    return f"#audit#{of}"
