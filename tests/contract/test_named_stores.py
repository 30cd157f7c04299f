"""What every store promises of what an app has by name: subscriptions, schedules, saved commands."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.dynamodb_apps import DynamoAppStore
from chalicelib.adapters.dynamodb_commands import DynamoCommandStore
from chalicelib.adapters.dynamodb_schedules import DynamoScheduleStore
from chalicelib.adapters.dynamodb_subscriptions import DynamoSubscriptionStore
from chalicelib.domain.delivery import Answer
from chalicelib.domain.errors import AppNotFound, Conflict, LimitExceeded, NotFound, Stale, Unreadable
from chalicelib.domain.named_record import Kind
from chalicelib.domain.new_task import NewTask
from chalicelib.domain.saved_command import COMMANDS
from chalicelib.domain.schedule import SCHEDULES, Run
from chalicelib.domain.subscription import SUBSCRIPTIONS, note_answer, pause
from chalicelib.ports import AppStore, NamedStore
from local.store.app_store import SqliteAppStore
from local.store.command_store import SqliteCommandStore
from local.store.database import Database
from local.store.schedule_store import SqliteScheduleStore
from local.store.subscription_store import SqliteSubscriptionStore
from tests.builders import NOON, a_command, a_schedule, a_subscription, an_app
from tests.dynamodb_table import NAME, SetClock, a_table, dynamodb_on_moto

MOST = 20


@dataclass(frozen=True)
class Subject:
    """`spoil` puts what cannot be read in the place of a record of the app shop."""

    kind: Kind[Any]
    store: NamedStore[Any]
    apps: AppStore
    reported: list[Unreadable]
    spoil: Callable[[str], None]

    def a_record(self, **fields: Any) -> Any:
        build: Any = {"subscription": a_subscription, "schedule": a_schedule, "command": a_command}[
            self.kind.word
        ]
        return build(**{"name": "hooks", **fields})

    def changed(self, record: Any) -> Any:
        another: Any = {
            "subscription": {"url": "https://example.org/"},
            "schedule": {"every": 60},
            "command": {"description": "daily"},
        }
        return record.but(**another[self.kind.word])

    def create(self, most: int = MOST, **fields: Any) -> Any:
        return self.store.create(self.a_record(**fields), most)

    def fill(self, count: int, app: str = "shop") -> None:
        for number in range(count):
            self.create(most=count, app=app, name=f"n{number:03}", id=f"{app}{number}")

    def names(self, app: str = "shop") -> list[str]:
        return [record.name for record in self.store.list(app)]


@pytest.fixture(params=[SUBSCRIPTIONS, SCHEDULES, COMMANDS], ids=lambda kind: kind.word)
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=["sqlite", "dynamodb"])
def subject(request: pytest.FixtureRequest, kind: Kind[Any], tmp_path: Path) -> Iterator[Subject]:
    reported: list[Unreadable] = []
    if request.param == "dynamodb":
        with dynamodb_on_moto() as client:

            def spoil_item(name: str) -> None:
                client.update_item(
                    TableName=NAME,
                    Key={"pk": {"S": f"{kind.word}#shop#{name}"}},
                    UpdateExpression="SET #record = :text",
                    ExpressionAttributeNames={"#record": "record"},
                    ExpressionAttributeValues={":text": {"S": "{}"}},
                )

            table = a_table(client)
            stores: Any = {
                "subscription": DynamoSubscriptionStore,
                "schedule": DynamoScheduleStore,
                "command": DynamoCommandStore,
            }
            store = stores[kind.word](table, reported.append)
            yield _with_apps(Subject(kind, store, DynamoAppStore(table), reported, spoil_item))
        return
    database = Database(tmp_path / "tapit.db")

    def spoil_row(name: str) -> None:
        with database.write() as connection:
            statement = f"UPDATE {kind.word}s SET record = '{{}}' WHERE app = 'shop' AND name = ?"  # noqa: S608
            connection.execute(statement, (name,))

    made: Any = {
        "subscription": lambda: SqliteSubscriptionStore(
            database, SetClock(), lambda _: None, reported.append
        ),
        "schedule": lambda: SqliteScheduleStore(database, SetClock(), lambda _: None, reported.append),
        "command": lambda: SqliteCommandStore(database, reported.append),
    }
    yield _with_apps(Subject(kind, made[kind.word](), SqliteAppStore(database), reported, spoil_row))
    database.close()


def _with_apps(subject: Subject) -> Subject:
    for name in ("shop", "blog"):
        subject.apps.create(an_app(name=name))
    return subject


def _with_all_it_can_have(kind: Kind[Any]) -> Any:
    if kind is SCHEDULES:
        runs = (Run(time=NOON, task_id="t1", status="FAILED", exit_code=3), Run(time=NOON, why="missed"))
        return a_schedule(runs=runs, failures=2, problem="It is gone.", due_at=None, jitter=30)
    if kind is COMMANDS:
        task = NewTask(command="true", memory=4.5, environment={"A": ""}, max_hours="none", interactive=True)
        return a_command(description="Twice a day.", task=task, revision=3)
    failing = note_answer(a_subscription(events=("failed", "lost")), Answer(status=500, seconds=1), NOON)
    return pause(failing.rotated(2, NOON), "Paused.", NOON, by="alice")


def test_one_is_read_as_it_was_written(subject: Subject) -> None:
    whole = _with_all_it_can_have(subject.kind)

    assert subject.store.create(whole, MOST) == whole
    assert subject.store.get("shop", whole.name) == whole
    assert subject.store.list("shop") == [whole]


def test_an_unknown_one_is_not_found(subject: Subject) -> None:
    subject.create(app="blog")

    with pytest.raises(NotFound, match="shop"):
        subject.store.get("shop", "hooks")
    assert subject.names() == []


def test_they_are_listed_by_name_and_each_app_has_its_own(subject: Subject) -> None:
    for number, name in enumerate(["c", "a", "b"]):
        subject.create(name=name, id=f"shop{number}")
    subject.create(app="blog", name="d", id="blog")

    assert subject.names() == ["a", "b", "c"]
    assert subject.names("blog") == ["d"]


def test_an_app_has_only_one_of_a_name(subject: Subject) -> None:
    first = subject.create()

    with pytest.raises(Conflict, match="hooks"):
        subject.create(id="another")
    assert subject.store.list("shop") == [first]


def test_an_app_that_is_not_there_gets_none(subject: Subject) -> None:
    with pytest.raises(AppNotFound, match="nope"):
        subject.create(app="nope")
    assert subject.names("nope") == []


def test_an_app_has_no_more_than_its_limit(subject: Subject) -> None:
    subject.fill(3)

    with pytest.raises(LimitExceeded, match="=3"):
        subject.create(most=3, name="one-more")
    subject.create(most=3, app="blog", id="blog")
    assert len(subject.names()) == 3


def test_that_the_name_is_taken_is_said_before_that_there_are_too_many(subject: Subject) -> None:
    subject.fill(3)

    with pytest.raises(Conflict):
        subject.create(most=3, name="n001", id="another")


def test_of_many_at_once_no_more_are_made_than_the_limit(subject: Subject) -> None:
    def make(number: int) -> None:
        with suppress(LimitExceeded):
            subject.create(most=3, name=f"n{number}", id=f"id{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(8)))

    assert len(subject.names()) == 3


def test_a_hundred_are_listed(subject: Subject) -> None:
    subject.fill(100)

    assert subject.names() == [f"n{number:03}" for number in range(100)]


def test_page_by_page_they_are_all_listed(subject: Subject) -> None:
    subject.fill(7)
    subject.create(app="blog", name="d", id="blog")
    subject.spoil("n003")

    pages, after, has_more = [], None, True
    while has_more:
        page = subject.store.page("shop", 2, after)
        pages.append([record.name for record in page.items])
        after, has_more = pages[-1][-1], page.has_more

    assert pages == [["n000", "n001"], ["n002", "n004"], ["n005", "n006"]]


def test_a_saved_one_has_its_revision_one_up(subject: Subject) -> None:
    created = subject.create()

    saved = subject.store.save(subject.changed(created))

    assert saved == subject.changed(created).but(revision=created.revision + 1)
    assert subject.store.get("shop", "hooks") == saved


def test_the_second_of_two_saves_is_refused(subject: Subject) -> None:
    read = subject.create()
    first = subject.store.save(subject.changed(read))

    with pytest.raises(Stale):
        subject.store.save(read)
    assert subject.store.get("shop", "hooks") == first


def test_one_that_changed_meanwhile_is_not_removed(subject: Subject) -> None:
    read = subject.create()
    subject.store.save(read)

    with pytest.raises(Stale):
        subject.store.remove(read)
    assert subject.names() == ["hooks"]


def test_a_removed_one_makes_room_for_another(subject: Subject) -> None:
    subject.store.remove(subject.create(most=1))

    assert subject.names() == []
    subject.create(most=1, id="another")
    assert subject.names() == ["hooks"]


def test_what_was_read_before_another_of_its_name_was_made_is_stale(subject: Subject) -> None:
    read = subject.create()
    subject.store.remove(read)
    another = subject.create(id="another")

    for act in (subject.store.save, subject.store.remove):
        with pytest.raises(Stale):
            act(read)
    assert subject.store.list("shop") == [another]


def test_one_that_cannot_be_read_is_reported_and_the_others_are_listed(subject: Subject) -> None:
    subject.fill(3)
    subject.spoil("n001")

    assert subject.names() == ["n000", "n002"]
    assert len(subject.reported) == 1
    with pytest.raises(Unreadable):
        subject.store.get("shop", "n001")
