"""What every store of apps promises."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.dynamodb_apps import DynamoAppStore
from chalicelib.domain.app import Limits
from chalicelib.domain.errors import AppExists, AppNotFound, Stale, TapitError
from chalicelib.ports import AppStore
from local.store.app_store import SqliteAppStore
from local.store.database import Database
from tests.builders import an_app
from tests.dynamodb_table import a_table, dynamodb_on_moto


@pytest.fixture(params=["sqlite", "dynamodb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AppStore]:
    if request.param == "dynamodb":
        with dynamodb_on_moto() as client:
            yield DynamoAppStore(a_table(client))
        return
    database = Database(tmp_path / "tapit.db")
    yield SqliteAppStore(database)
    database.close()


def attempt(act: Any) -> Any:
    try:
        return act()
    except TapitError as error:
        return error


def names(store: AppStore, limit: int = 100, after: str | None = None) -> list[str]:
    return [app.name for app in store.list(limit, after).items]


def test_an_app_is_read_as_it_was_written(store: AppStore) -> None:
    app = an_app(
        environment={"A": "ü\n'"},
        max_hours=None,
        limits=Limits(max_cpu=2, max_running=3),
        user="app",
        mounts=("/srv/shop:/srv", "data:/data:rw"),
        networks=("shop_default",),
    )

    assert store.create(app) == app
    assert store.get("shop") == app


def test_an_unknown_app_is_not_found(store: AppStore) -> None:
    with pytest.raises(AppNotFound, match="nope"):
        store.get("nope")


def test_a_name_is_taken_only_once(store: AppStore) -> None:
    first = store.create(an_app())

    with pytest.raises(AppExists, match="shop"):
        store.create(an_app(cpu=2))
    assert store.get("shop") == first


def test_of_many_creates_at_once_one_wins(store: AppStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda cpu: attempt(lambda: store.create(an_app(cpu=cpu))), range(1, 9)))

    assert [outcome for outcome in outcomes if not isinstance(outcome, AppExists)] == [store.get("shop")]


def test_a_saved_app_has_its_revision_one_up(store: AppStore) -> None:
    app = store.create(an_app())

    saved = store.save(app.but(cpu=2))

    assert saved == app.but(cpu=2, revision=app.revision + 1)
    assert store.get("shop") == saved


def test_the_second_of_two_saves_is_refused(store: AppStore) -> None:
    read = store.create(an_app())
    first = store.save(read.but(cpu=2))

    with pytest.raises(Stale):
        store.save(read.but(cpu=4))
    assert store.get("shop") == first


def test_an_app_that_changed_meanwhile_is_not_removed(store: AppStore) -> None:
    read = store.create(an_app())
    store.save(read)

    with pytest.raises(Stale):
        store.remove(read)
    assert names(store) == ["shop"]


def test_a_removed_app_is_gone_and_its_name_is_free(store: AppStore) -> None:
    store.remove(store.create(an_app()))

    assert names(store) == []
    store.create(an_app())


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
def test_apps_come_by_name_in_pages_that_lack_none(store: AppStore, limit: int) -> None:
    for name in ["b", "e", "a", "d", "c"]:
        store.create(an_app(name=name))

    found: list[str] = []
    has_more = True
    while has_more:
        page = store.list(limit, found[-1] if found else None)
        found += [app.name for app in page.items]
        has_more = page.has_more

    assert found == ["a", "b", "c", "d", "e"]
