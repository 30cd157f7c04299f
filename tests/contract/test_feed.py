"""What the feed of each home promises."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.adapters.dynamodb_feed import DynamoFeed
from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.domain.errors import EventNotFound, Unreadable
from chalicelib.domain.event import TaskEvent
from chalicelib.domain.status import Status
from chalicelib.domain.task import Change, Task
from chalicelib.ports import Feed, TaskStore
from local.store.database import Database
from local.store.feed import SqliteFeed
from local.store.task_store import SqliteTaskStore
from tests.builders import NOON, a_task
from tests.dynamodb_table import SetClock, a_table, dynamodb_on_moto


@dataclass(frozen=True)
class Subject:
    """A feed, the store whose changes it tells of, and what brings them there."""

    feed: Feed
    tasks: TaskStore
    clock: SetClock
    publish: Callable[[Task], None]

    def create(self, **fields: object) -> Task:
        now = self.clock.time
        history = (Change(status=Status.PENDING, time=now),)
        return self._told(self.tasks.create(a_task(created_at=now, history=history, **fields), None, None))

    def move(self, task: Task, status: Status, time: datetime | None = None) -> Task:
        return self._told(self.tasks.save(task.moved(status, time or self.clock.time)))

    def _told(self, task: Task) -> Task:
        self.publish(task)
        return task

    def ids(self, app: str = "shop", after: int = 0, limit: int = 100) -> list[str]:
        return [told.event.id for told in self.feed.read(app, after, limit).items]


@pytest.fixture(params=["sqlite", "dynamodb"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    clock = SetClock()
    if request.param == "dynamodb":
        with dynamodb_on_moto() as client:
            table = a_table(client)
            feed = DynamoFeed(table, clock)

            def publish(task: Task) -> None:
                event = TaskEvent.of(task)
                if event is not None:
                    feed.append(task.app, [event])

            yield Subject(feed, DynamoTaskStore(table, clock), clock, publish)
        return
    database = Database(tmp_path / "tapit.db")
    store = SqliteTaskStore(database, clock, lambda _: None)
    yield Subject(SqliteFeed(database, clock), store, clock, lambda _: None)
    database.close()


def test_events_are_read_in_the_order_in_which_they_were_told(subject: Subject) -> None:
    one, other = subject.create(id="1jd3m8k7x2qf"), subject.create(id="1jd3m8k7x2qg")
    subject.move(subject.move(other, Status.STARTING), Status.RUNNING)
    subject.move(one, Status.STOPPED)

    assert subject.ids() == [f"{one.id}-1", f"{other.id}-1", f"{other.id}-2", f"{other.id}-3", f"{one.id}-2"]


def test_each_app_has_its_own(subject: Subject) -> None:
    subject.create(id="1jd3m8k7x2qf", app="shop")
    subject.create(id="1jd3m8k7x2qg", app="blog")

    assert subject.ids("blog") == ["1jd3m8k7x2qg-1"]


def test_reading_goes_on_behind_any_event(subject: Subject) -> None:
    task = subject.create()
    for status in (Status.STARTING, Status.RUNNING, Status.SUCCEEDED):
        task = subject.move(task, status)

    page = subject.feed.read("shop", 0, 3)
    rest = subject.feed.read("shop", page.items[-1].place, 3)

    assert [told.event.event_name for told in page.items] == ["pending", "starting", "running"]
    assert page.has_more
    assert [told.event.event_name for told in rest.items] == ["succeeded"]
    assert not rest.has_more


def test_a_change_that_is_not_one_of_status_is_not_told(subject: Subject) -> None:
    task = subject.create()
    saved = subject.tasks.save(task.but(waiting_for="capacity"))
    subject.publish(saved)

    assert subject.ids() == [f"{task.id}-1"]


def test_what_was_told_since_can_be_found(subject: Subject) -> None:
    for number, letter in enumerate("abcdefgh"):
        subject.clock.time = NOON + timedelta(hours=number)
        subject.create(id=f"1jd3m8k7x2q{letter}")

    for number, letter in enumerate("abcdefgh"):
        place = subject.feed.place_before("shop", NOON + timedelta(hours=number))
        assert subject.ids(after=place, limit=1) == [f"1jd3m8k7x2q{letter}-1"]
    subject.clock.time = NOON + timedelta(hours=9)
    assert subject.ids(after=subject.feed.place_before("shop", NOON + timedelta(hours=8))) == []


def test_what_is_told_late_counts_from_when_it_was_told(subject: Subject) -> None:
    task = subject.create()
    subject.clock.time = NOON + timedelta(days=8)

    late = subject.move(task, Status.STOPPED, NOON + timedelta(hours=1))

    place = subject.feed.place_before("shop", NOON + timedelta(days=7, hours=23))
    assert subject.ids(after=place) == [f"{late.id}-2"]
    assert subject.ids(after=subject.feed.place_before("shop", NOON)) == [f"{late.id}-2"]


def test_the_newest_can_be_found(subject: Subject) -> None:
    created = [subject.create(id=f"1jd3m8k7x2q{letter}") for letter in "abcdef"]
    subject.create(id="1jd3m8k7x2qz", app="blog")

    for count in (0, 1, 4, 6, 100):
        place = subject.feed.place_before_last("shop", count)
        assert subject.ids(after=place) == [f"{task.id}-1" for task in created[max(0, 6 - count) :]]
    assert subject.feed.place_before_last("nobody", 3) == 0


def test_nothing_is_known_of_a_feed_that_nothing_was_told_in(subject: Subject) -> None:
    assert subject.ids() == []
    assert subject.ids(after=subject.feed.place_before("shop", NOON - timedelta(hours=1))) == []


def test_an_event_is_found_by_its_id_in_its_app_only(subject: Subject) -> None:
    task = subject.create()

    assert subject.feed.find("shop", f"{task.id}-1").event_name == "pending"
    for app, event_id in (("blog", f"{task.id}-1"), ("shop", f"{task.id}-2")):
        with pytest.raises(EventNotFound):
            subject.feed.find(app, event_id)


def test_events_are_kept_for_seven_days(subject: Subject) -> None:
    old = subject.create(id="1jd3m8k7x2qf")
    subject.clock.time = NOON + timedelta(days=6)
    young = subject.create(id="1jd3m8k7x2qg")
    subject.clock.time = NOON + timedelta(days=7, minutes=1)

    place = subject.feed.place_before("shop", NOON - timedelta(days=1))

    assert subject.ids(after=place) == [f"{young.id}-1"]
    assert old.id < young.id


@pytest.fixture
def dynamo() -> Iterator[tuple[DynamoFeed, SetClock]]:
    with dynamodb_on_moto() as client:
        clock = SetClock()
        yield DynamoFeed(a_table(client), clock), clock


def _events(count: int, first: int = 0) -> list[TaskEvent]:
    made = (TaskEvent.of(a_task(id=f"1jd3m8k7{number:04}")) for number in range(first, first + count))
    return [event for event in made if event is not None]


def test_what_is_told_again_keeps_its_place(dynamo: tuple[DynamoFeed, SetClock]) -> None:
    feed, _ = dynamo
    feed.append("shop", _events(3))

    feed.append("shop", _events(5, first=1))

    told = feed.read("shop", 0, 100).items
    assert [each.event.id for each in told] == [event.id for event in _events(6)]
    assert [each.place for each in told] == [1, 2, 3, 4, 5, 6]


def test_a_great_many_at_once_keep_their_order(dynamo: tuple[DynamoFeed, SetClock]) -> None:
    feed, _ = dynamo

    feed.append("shop", _events(130))

    first = feed.read("shop", 0, 100)
    rest = feed.read("shop", first.items[-1].place, 100)
    assert [each.event.id for each in (*first.items, *rest.items)] == [event.id for event in _events(130)]
    assert (first.has_more, rest.has_more) == (True, False)


def test_events_that_only_a_newer_version_can_read_hold_up_no_reader() -> None:
    reported: list[Unreadable] = []
    with dynamodb_on_moto() as client:
        feed = DynamoFeed(a_table(client), SetClock(), reported.append)
        newer = [event.model_copy(update={"type": "Something New"}) for event in _events(3)]
        known = _events(2, first=3)
        feed.append("shop", [*newer, *known])

        first = feed.read("shop", 0, 1)
        rest = feed.read("shop", first.items[-1].place, 1)

    assert [each.event.id for each in (*first.items, *rest.items)] == [event.id for event in known]
    assert (first.has_more, rest.has_more) == (True, False)
    assert [problem.name for problem in reported] == [f"event {event.id}" for event in newer]
