"""Subscriptions in DynamoDB when it is busy, or its answers get lost."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_apps import DynamoAppStore
from chalicelib.adapters.dynamodb_subscriptions import DynamoSubscriptionStore
from chalicelib.domain.app import MOST_SUBSCRIPTIONS
from tests.aws_adapters.test_dynamodb_lost_answers import Lossy
from tests.builders import a_subscription, an_app
from tests.dynamodb_table import NAME, dynamodb_on_moto


@pytest.fixture
def client() -> Iterator[Any]:
    with dynamodb_on_moto() as client:
        DynamoAppStore(DynamoTable(client, NAME)).create(an_app())
        yield client


class Sparing:
    """A client that answers one key of a batch at a time, as DynamoDB may."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.batches = 0

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 - boto3's name
        self.batches += 1
        ((name, wanted),) = RequestItems.items()
        first, *others = wanted["Keys"]
        answer = self._client.batch_get_item(RequestItems={name: wanted | {"Keys": [first]}})
        left = {name: wanted | {"Keys": others}} if others else {}
        return answer | {"UnprocessedKeys": left}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def test_what_a_busy_table_leaves_out_is_asked_for_again(client: Any) -> None:
    sparing = Sparing(client)
    store = DynamoSubscriptionStore(DynamoTable(sparing, NAME))
    for name in "abc":
        store.create(a_subscription(name=name, id=name), MOST_SUBSCRIPTIONS)

    assert [subscription.name for subscription in store.list("shop")] == ["a", "b", "c"]
    assert sparing.batches == 3


def test_an_app_without_any_costs_one_read(client: Any) -> None:
    sparing = Sparing(client)

    assert DynamoSubscriptionStore(DynamoTable(sparing, NAME)).list("shop") == []
    assert sparing.batches == 0


def test_a_lost_answer_is_no_refusal(client: Any) -> None:
    lossy = Lossy(client)
    store = DynamoSubscriptionStore(lossy.table)

    lossy.lose_the_next()
    created = store.create(a_subscription(), most=1)
    lossy.lose_the_next()
    saved = store.save(created.but(events=("failed",)))
    assert store.list("shop") == [saved]
    lossy.lose_the_next()
    store.remove(saved)

    assert lossy.lost == 3
    assert store.list("shop") == []
