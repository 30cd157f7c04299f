"""What every store promises of schedules beside what it does of all that an app has by name."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.dynamodb_apps import DynamoAppStore
from chalicelib.adapters.dynamodb_schedules import DynamoScheduleStore
from chalicelib.domain.schedule import Schedule
from chalicelib.domain.schedule_runs import pause_itself
from chalicelib.ports import AppStore, ScheduleStore
from local.store.app_store import SqliteAppStore
from local.store.database import Database
from local.store.feed import SqliteFeed, feed_of
from local.store.schedule_store import TO_FIRE, SqliteScheduleStore
from tests.builders import NOON, a_schedule, an_app
from tests.dynamodb_table import SetClock, a_table, dynamodb_on_moto

MOST = 1000


@dataclass(frozen=True)
class Subject:
    store: ScheduleStore
    told: list[str] = field(default_factory=list)

    def create(self, name: str, due_in: float | None = 0, app: str = "shop", **fields: Any) -> Schedule:
        due_at = None if due_in is None else NOON + timedelta(seconds=due_in)
        return self.store.create(
            a_schedule(id=f"{app}{name}", app=app, name=name, due_at=due_at, **fields), MOST
        )

    def due(self, limit: int = 100, seconds: float = 0, after: Schedule | None = None) -> list[str]:
        page = self.store.due(NOON + timedelta(seconds=seconds), limit, after)
        return [f"{schedule.app}/{schedule.name}" for schedule in page.items]


@pytest.fixture(params=["sqlite", "dynamodb"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    if request.param == "dynamodb":
        with dynamodb_on_moto() as client:
            table = a_table(client)
            yield _with_apps(DynamoAppStore(table), Subject(DynamoScheduleStore(table)))
        return
    database = Database(tmp_path / "tapit.db")
    told: list[str] = []
    store = SqliteScheduleStore(database, SetClock(), told.append)
    yield _with_apps(SqliteAppStore(database), Subject(store, told))
    database.close()


def _with_apps(apps: AppStore, subject: Subject) -> Subject:
    for name in ("shop", "shop-2", "blog"):
        apps.create(an_app(name=name))
    return subject


def test_what_is_due_comes_in_the_order_of_its_time_whatever_app_it_is_of(subject: Subject) -> None:
    subject.create("c", -1)
    subject.create("b", -0.000001)
    subject.create("a", 0, app="blog")
    subject.create("d", -3600)
    subject.create("later", 0.000001)
    subject.create("never", None)

    assert subject.due() == ["shop/d", "shop/c", "shop/b", "blog/a"]


def test_what_is_due_at_the_same_time_comes_by_app_and_name(subject: Subject) -> None:
    for app, name in (("shop", "b"), ("shop", "a"), ("blog", "z"), ("shop", "a-b")):
        subject.create(name, app=app)

    assert subject.due() == ["blog/z", "shop/a", "shop/a-b", "shop/b"]


def test_what_is_due_is_read_as_it_was_written(subject: Subject) -> None:
    made = subject.create("a")

    assert subject.store.due(NOON, 10).items == [made]


def test_what_is_saved_is_due_when_that_says_so(subject: Subject) -> None:
    first, second, third = (subject.create(name) for name in "abc")
    subject.store.save(first.but(due_at=NOON + timedelta(minutes=15)))
    subject.store.save(second.but(due_at=None))
    subject.store.remove(third)

    assert subject.due() == []
    assert subject.due(seconds=900) == ["shop/a"]


def test_a_page_tells_whether_there_are_more_and_goes_on_after_any_of_it(subject: Subject) -> None:
    for number in range(5):
        subject.create(f"n{number}", -1 if number < 2 else 0)

    first = subject.store.due(NOON, 3)
    assert first.has_more
    assert subject.due(limit=2, after=first.items[2]) == ["shop/n3", "shop/n4"]
    assert not subject.store.due(NOON, 2, first.items[2]).has_more
    assert subject.due(after=first.items[0]) == ["shop/n1", "shop/n2", "shop/n3", "shop/n4"]


@pytest.mark.parametrize("subject", ["sqlite"], indirect=True)
def test_whoever_fires_them_is_told_of_each_that_was_written(subject: Subject) -> None:
    made = subject.create("a")
    assert subject.told == [TO_FIRE]

    subject.store.remove(subject.store.save(made))
    assert subject.told == [TO_FIRE, TO_FIRE]  # one that is gone makes none due earlier


def test_on_one_machine_a_pause_of_its_own_is_in_the_feed_once(tmp_path: Path) -> None:
    told: list[str] = []
    with closing(Database(tmp_path / "tapit.db")) as database:
        SqliteAppStore(database).create(an_app())
        store = SqliteScheduleStore(database, SetClock(), told.append)
        paused = store.save(pause_itself(store.create(a_schedule(), MOST), "Its last run failed.", NOON))
        store.save(paused)
        (event,) = (each.event for each in SqliteFeed(database, SetClock()).read("shop", 0, 10).items)

    assert (event.event_name, event.about) == ("schedule_paused", "schedule nightly paused")
    assert told == [TO_FIRE, feed_of("shop"), TO_FIRE, TO_FIRE]


apps_and_names = st.tuples(
    st.sampled_from(["shop", "shop-2", "blog"]), st.sampled_from(["a", "a-1", "a1", "b"])
)


@settings(
    max_examples=20,
    deadline=None,
)
@given(st.dictionaries(apps_and_names, st.integers(-3, 1), max_size=12), st.integers(1, 4))
def test_page_by_page_all_that_is_due_comes_once_and_in_order(
    subject: Subject, made: dict[tuple[str, str], int], limit: int
) -> None:
    schedules = [subject.create(name, due_in, app) for (app, name), due_in in made.items()]
    try:
        found: list[Schedule] = []
        page = subject.store.due(NOON, limit)
        while page.items:
            found += page.items
            page = subject.store.due(NOON, limit, found[-1])

        due = {(app, name) for (app, name), due_in in made.items() if due_in <= 0}
        assert {(each.app, each.name) for each in found} == due
        places = [(each.due_at, each.app, each.name) for each in found]
        assert len(places) == len(due)
        assert [moment for moment, *_ in places] == sorted(moment for moment, *_ in places if moment)
    finally:
        for schedule in schedules:
            subject.store.remove(schedule)
