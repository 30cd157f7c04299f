"""Apps in DynamoDB: the record by name, and one index partition that lists them all."""

from itertools import islice

from chalicelib.adapters.dynamodb import DynamoTable, Item, Range, after, number, text
from chalicelib.adapters.dynamodb_errors import ConditionsFailed
from chalicelib.domain.app import App
from chalicelib.domain.errors import AppExists, AppNotFound, Stale
from chalicelib.ports import Page

_EVERY_APP = "apps"
_UNCHANGED = "revision = :read"


class DynamoAppStore:
    def __init__(self, table: DynamoTable) -> None:
        self._table = table

    def create(self, app: App) -> App:
        try:
            self._table.write(self._table.put(_item(app), "attribute_not_exists(pk)"))
        except ConditionsFailed as refusal:
            raise AppExists(app.name) from refusal
        return app

    def get(self, name: str) -> App:
        found = self._table.get(_pk(name))
        if found is None:
            raise AppNotFound(name)
        return _app(found)

    def save(self, app: App) -> App:
        saved = app.but(revision=app.revision + 1)
        try:
            self._table.write(self._table.put(_item(saved), _UNCHANGED, _read(app)))
        except ConditionsFailed as refusal:
            raise Stale(f"App {app.name}") from refusal
        return saved

    def remove(self, app: App) -> None:
        try:
            self._table.write(self._table.delete(_pk(app.name), _UNCHANGED, _read(app)))
        except ConditionsFailed as refusal:
            raise Stale(f"App {app.name}") from refusal

    def list(self, limit: int, after_name: str | None) -> Page[App]:
        lowest = after(after_name or "")
        found = self._table.query(Range("apps-by-name", "app_list", _EVERY_APP, lowest), limit + 1)
        apps = [_app(item) for item in islice(found, limit + 1)]
        return Page(apps[:limit], has_more=len(apps) > limit)


def _item(app: App) -> Item:
    return {
        "pk": text(_pk(app.name)),
        "app_list": text(_EVERY_APP),
        "id": text(app.name),
        "revision": number(app.revision),
        "record": text(app.model_dump_json()),
    }


def _app(item: Item) -> App:
    return App.model_validate_json(item["record"]["S"])


def _read(app: App) -> Item:
    return {":read": number(app.revision)}


def _pk(name: str) -> str:
    return f"app#{name}"
