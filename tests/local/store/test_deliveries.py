"""Deliveries in SQLite are made with the event, in one transaction, and the last ones are kept."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.app import MOST_SUBSCRIPTIONS
from chalicelib.domain.delivery import MOST_SHOWN, Answer, State
from chalicelib.domain.errors import Stale
from chalicelib.domain.event import SubscriptionEvent
from chalicelib.domain.status import Status
from chalicelib.domain.subscription import Subscription, note_answer, pause
from local.store.app_store import SqliteAppStore
from local.store.database import Database
from local.store.deliveries import SqliteDeliveries
from local.store.feed import TO_SEND, SqliteFeed, feed_of
from local.store.subscription_store import SqliteSubscriptionStore
from local.store.task_store import SqliteTaskStore
from tests.builders import NOON, a_delivery, a_subscription, a_task, an_app
from tests.dynamodb_table import SetClock

OK, GONE = (Answer(status=status, seconds=0.25) for status in (204, 410))


class Stores:
    """All that one file holds of an app that has subscriptions."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = Database(path)
        self.told: list[str] = []
        self.clock = SetClock()
        self.subscriptions = SqliteSubscriptionStore(self.database, self.clock, self.told.append)
        self.tasks = SqliteTaskStore(self.database, self.clock, lambda _: None)
        self.deliveries = SqliteDeliveries(self.database)
        self.feed = SqliteFeed(self.database, self.clock)
        SqliteAppStore(self.database).create(an_app())

    def subscribe(self, name: str, **fields: Any) -> Subscription:
        return self.subscriptions.create(a_subscription(name=name, id=name, **fields), MOST_SUBSCRIPTIONS)

    def sent_to(self, subscription_id: str) -> list[str]:
        return [each.about for each in self.deliveries.list(subscription_id, 1000)]


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    stores = Stores(tmp_path / "tapit.db")
    yield stores
    stores.database.close()


def test_an_event_is_due_at_once_to_each_subscription_that_wants_it(stores: Stores) -> None:
    stores.subscribe("every")
    stores.subscribe("ends", events=("succeeded", "failed"))
    stores.subscribe("paused", paused=pause(a_subscription(), "Paused.", NOON, by="alice").paused)

    task = stores.tasks.create(a_task(), None, None)
    stores.tasks.save(task.moved(Status.FAILED, NOON + timedelta(minutes=1)))

    assert stores.sent_to("every") == [f"task {task.id} FAILED", f"task {task.id} PENDING"]
    assert stores.sent_to("ends") == [f"task {task.id} FAILED"]
    assert stores.sent_to("paused") == []
    (waiting,) = stores.deliveries.list("ends", 10)
    assert (waiting.state, waiting.due_at) == (State.WAITING, stores.clock.now())
    assert stores.feed.find("shop", waiting.event_id).about == waiting.about


def test_what_is_no_news_is_sent_to_nobody(stores: Stores) -> None:
    stores.subscribe("every")
    task = stores.tasks.create(a_task(), None, None)

    stores.tasks.save(task.but(waiting_for="room"))

    assert stores.sent_to("every") == [f"task {task.id} PENDING"]


def test_a_change_that_is_not_saved_is_sent_to_nobody(stores: Stores) -> None:
    stores.subscribe("every")
    task = stores.tasks.create(a_task(), None, None)
    stores.tasks.save(task.moved(Status.STARTING, NOON))

    with pytest.raises(Stale):
        stores.tasks.save(task.moved(Status.FAILED, NOON))

    assert sorted(stores.sent_to("every")) == [f"task {task.id} PENDING", f"task {task.id} STARTING"]


def test_a_subscription_of_which_nothing_is_understood_keeps_no_other_from_its_events(stores: Stores) -> None:
    stores.subscribe("damaged")
    stores.subscribe("sound")
    with closing(sqlite3.connect(stores.path)) as connection, connection:
        connection.execute("UPDATE subscriptions SET record = '{}' WHERE name = 'damaged'")

    task = stores.tasks.create(a_task(), None, None)

    assert stores.sent_to("sound") == [f"task {task.id} PENDING"]
    assert stores.sent_to("damaged") == []


def test_a_subscription_that_pauses_itself_is_told_of_to_the_others(stores: Stores) -> None:
    failing = stores.subscribe("failing")
    stores.subscribe("watching", events=("subscription_paused",))

    stores.subscriptions.save(note_answer(failing, GONE, NOON))

    assert stores.sent_to("watching") == ["subscription failing paused"]
    assert stores.sent_to("failing") == []
    assert stores.told == [feed_of("shop"), TO_SEND]
    (told,) = stores.feed.read("shop", 0, 10).items
    assert isinstance(told.event, SubscriptionEvent)


def test_besides_the_last_ones_all_that_waits_is_kept(stores: Stores) -> None:
    subscription = stores.subscribe("every")
    for number in range(MOST_SHOWN + 20):
        made_at = NOON + timedelta(seconds=number)
        delivery = a_delivery(
            subscription_id=subscription.id, event_id=f"event-{number}", created_at=made_at, due_at=made_at
        )
        stores.deliveries.record(delivery)
        if number >= 5:
            stores.deliveries.record(delivery.after(OK, NOON, 0))

    kept = stores.deliveries.list(subscription.id, 1000)

    assert len([each for each in kept if each.is_over]) == MOST_SHOWN
    assert [each.event_id for each in kept if not each.is_over] == [f"event-{n}" for n in range(4, -1, -1)]


def test_with_a_subscription_goes_what_waits_for_it(stores: Stores) -> None:
    subscription = stores.subscribe("every")
    stores.tasks.create(a_task(), None, None)
    (waiting,) = stores.deliveries.list(subscription.id, 10)

    stores.subscriptions.remove(subscription)
    stores.deliveries.record(waiting.after(OK, NOON, 0))  # by whoever sent it meanwhile

    assert stores.sent_to(subscription.id) == []
