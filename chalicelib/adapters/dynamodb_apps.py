"""Apps in DynamoDB: the record by name, and one index partition that lists them all."""

from itertools import islice

from chalicelib.adapters.dynamodb import DynamoTable, Item, Range, after, number, text, text_in
from chalicelib.adapters.dynamodb_audit import entry_writes
from chalicelib.adapters.dynamodb_errors import ConditionsFailed
from chalicelib.domain.app import App
from chalicelib.domain.audit import Entry
from chalicelib.domain.errors import AppExists, AppNotFound, Stale
from chalicelib.domain.record import Report, each_readable, insist, read_record
from chalicelib.ports import Page

_EVERY_APP = "apps"
_UNCHANGED = "revision = :read"


def app_key(name: str) -> str:
    return f"app#{name}"


class DynamoAppStore:
    """`report` is told of each record that the list leaves out because it cannot be read."""

    def __init__(self, table: DynamoTable, report: Report = insist) -> None:
        self._table = table
        self._report = report

    def create(self, app: App, entry: Entry | None = None) -> App:
        record = self._table.put(_item(app), "attribute_not_exists(pk)")
        try:
            self._table.write(record, *entry_writes(self._table, entry))
        except ConditionsFailed as refusal:
            raise AppExists(app.name) from refusal
        return app

    def get(self, name: str) -> App:
        found = self._table.get(app_key(name))
        if found is None:
            raise AppNotFound(name)
        return _app(found)

    def save(self, app: App, entry: Entry | None = None) -> App:
        saved = app.but(revision=app.revision + 1)
        record = self._table.put(_item(saved), _UNCHANGED, _read(app))
        try:
            self._table.write(record, *entry_writes(self._table, entry))
        except ConditionsFailed as refusal:
            raise Stale(f"App {app.name}") from refusal
        return saved

    def remove(self, app: App, entry: Entry | None = None) -> None:
        removal = self._table.delete(app_key(app.name), _UNCHANGED, _read(app))
        try:
            self._table.write(removal, *entry_writes(self._table, entry))
        except ConditionsFailed as refusal:
            raise Stale(f"App {app.name}") from refusal

    def list(self, limit: int, after_name: str | None) -> Page[App]:
        lowest = after(after_name or "")
        found = self._table.query(Range("apps-by-name", "app_list", _EVERY_APP, lowest), limit + 1)
        apps = list(islice(each_readable(found, _app, self._report), limit + 1))
        return Page(apps[:limit], has_more=len(apps) > limit)


def _item(app: App) -> Item:
    return {
        "pk": text(app_key(app.name)),
        "app_list": text(_EVERY_APP),
        "id": text(app.name),
        "revision": number(app.revision),
        "record": text(app.model_dump_json()),
    }


def _app(item: Item) -> App:
    return read_record(App, text_in(item, "record"), f"app {text_in(item, 'id')}")


def _read(app: App) -> Item:
    return {":read": number(app.revision)}
