"""What it takes and costs to tell of one task's life."""

from collections.abc import Sequence

import pytest

from tests.aws_adapters.news_of_a_life import News, newsroom

EVENTS = 4  # a task is saved six times; the other two change something else
DEAREST = 0.00002
DEAREST_WEBHOOK = 0.00003


@pytest.fixture(scope="module")
def both() -> Sequence[News]:
    """The news of two tasks: nobody subscribes to the first one's."""
    with newsroom() as room:
        room.tell()
        unheard = room.tell()
        room.subscribe()
        room.tell()
        return [unheard, room.tell()]


def test_each_change_of_status_is_told_once_by_one_request_each(both: Sequence[News]) -> None:
    unheard, _ = both

    assert unheard.requests == {
        "dynamodb.GetItem": 2 * EVENTS,
        "dynamodb.TransactWriteItems": EVENTS,
        "eventbridge.PutEvents": EVENTS,
    }
    assert unheard.calls == {"publish": EVENTS}
    assert unheard.delivered == []


def test_the_news_of_a_task_cost_two_thousandths_of_a_cent_at_the_most(both: Sequence[News]) -> None:
    unheard, _ = both

    assert unheard.dollars < DEAREST, unheard.bill


def test_a_webhook_makes_these_requests_beside_them(both: Sequence[News]) -> None:
    unheard, heard = both
    beside = {name: number - unheard.requests.get(name, 0) for name, number in heard.requests.items()}

    assert len(heard.delivered) == EVENTS
    assert heard.calls == {"publish": EVENTS, "deliver": EVENTS}
    assert {name: number for name, number in beside.items() if number} == {
        "dynamodb.BatchGetItem": EVENTS,
        "dynamodb.GetItem": 4 * EVENTS,
        "dynamodb.PutItem": EVENTS,
        "sqs.SendMessageBatch": EVENTS,
    }
    assert heard.dollars - unheard.dollars < DEAREST_WEBHOOK, heard.bill
