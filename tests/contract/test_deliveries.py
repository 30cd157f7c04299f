"""What is kept of deliveries in each home."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.dynamodb_apps import DynamoAppStore
from chalicelib.adapters.dynamodb_deliveries import DynamoDeliveries
from chalicelib.adapters.dynamodb_subscriptions import DynamoSubscriptionStore
from chalicelib.domain.app import MOST_SUBSCRIPTIONS
from chalicelib.domain.delivery import Answer, Delivery
from chalicelib.ports import AppStore, Deliveries, SubscriptionStore
from local.store.app_store import SqliteAppStore
from local.store.database import Database
from local.store.deliveries import SqliteDeliveries
from local.store.subscription_store import SqliteSubscriptionStore
from tests.builders import NOON, SUBSCRIPTION_ID, a_delivery, a_subscription, an_app
from tests.dynamodb_table import SetClock, a_table, dynamodb_on_moto

OK, ERROR = (Answer(status=status, seconds=0.25, text="said") for status in (204, 500))


@dataclass(frozen=True)
class Subject:
    deliveries: Deliveries
    clock: SetClock

    def make(self, number: int, **fields: Any) -> Delivery:
        made_at = NOON + timedelta(seconds=number)
        delivery = a_delivery(event_id=f"event-{number}", created_at=made_at, due_at=made_at, **fields)
        self.deliveries.record(delivery)
        return delivery

    def listed(self, subscription_id: str = SUBSCRIPTION_ID, limit: int = 50) -> list[Delivery]:
        return list(self.deliveries.list(subscription_id, limit))


@pytest.fixture(params=["sqlite", "dynamodb"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    clock = SetClock()
    if request.param == "dynamodb":
        with dynamodb_on_moto() as client:
            table = a_table(client)
            _subscribe(DynamoAppStore(table), DynamoSubscriptionStore(table))
            yield Subject(DynamoDeliveries(table, clock), clock)
        return
    database = Database(tmp_path / "tapit.db")
    _subscribe(SqliteAppStore(database), SqliteSubscriptionStore(database, clock, lambda _: None))
    yield Subject(SqliteDeliveries(database), clock)
    database.close()


def _subscribe(apps: AppStore, subscriptions: SubscriptionStore) -> None:
    apps.create(an_app())
    subscriptions.create(a_subscription(), MOST_SUBSCRIPTIONS)
    subscriptions.create(a_subscription(name="other", id="other"), MOST_SUBSCRIPTIONS)


def test_a_delivery_is_read_as_it_was_recorded(subject: Subject) -> None:
    made = subject.make(1)
    assert subject.listed() == [made]

    tried = made.after(ERROR, NOON + timedelta(seconds=2), 0)
    subject.deliveries.record(tried)
    assert subject.listed() == [tried]

    delivered = tried.after(OK, NOON + timedelta(seconds=9), 0)
    subject.deliveries.record(delivered)
    assert subject.listed() == [delivered]


def test_they_are_listed_newest_first_and_no_more_than_were_asked_for(subject: Subject) -> None:
    made = [subject.make(number) for number in range(5)]

    assert subject.listed(limit=3) == [made[4], made[3], made[2]]


def test_each_subscription_has_its_own(subject: Subject) -> None:
    one = subject.make(1)
    other = subject.make(1, subscription_id="other", subscription="other")

    assert subject.listed() == [one]
    assert subject.listed("other") == [other]


def test_what_is_sent_again_is_the_newest(subject: Subject) -> None:
    first, second = subject.make(1), subject.make(2)
    again = first.but(created_at=NOON + timedelta(minutes=1), due_at=NOON + timedelta(minutes=1))

    subject.deliveries.record(again)

    assert subject.listed() == [again, second]


def test_the_last_50_can_be_seen(subject: Subject) -> None:
    for number in range(60):
        subject.deliveries.record(subject.make(number).after(OK, NOON, 0))

    assert [each.event_id for each in subject.listed()] == [f"event-{number}" for number in range(59, 9, -1)]
