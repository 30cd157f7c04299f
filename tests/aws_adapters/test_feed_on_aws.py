"""The feed over HTTP on AWS, where nobody can wait inside a function."""

from collections.abc import Iterator

import pytest

from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_feed import DynamoFeed
from chalicelib.domain.event import TaskEvent
from tests.aws_adapters.aws_home import AwsHome, aws_home
from tests.aws_adapters.dynamodb_meter import Meter
from tests.aws_adapters.test_no_news import WITHIN
from tests.builders import a_task
from tests.dynamodb_table import NAME, SetClock


def events(first: int, last: int) -> list[TaskEvent]:
    made = (TaskEvent.of(a_task(id=f"1jd3m8k7{number:04}")) for number in range(first, last))
    return [event for event in made if event is not None]


@pytest.fixture
def aws() -> Iterator[AwsHome]:
    with aws_home() as home:
        yield home


def tell(aws: AwsHome, first: int, last: int) -> None:
    feed = aws.services().feed
    assert isinstance(feed, DynamoFeed)
    feed.append("shop", events(first, last))


def test_a_reader_is_answered_at_once_and_told_when_to_look_again(aws: AwsHome) -> None:
    empty = aws.ask("GET", "/apps/shop/events?wait=20")
    tell(aws, 0, 5)
    some = aws.ask("GET", f"/apps/shop/events?wait=20&limit=3&after={empty['next']}")
    rest = aws.ask("GET", f"/apps/shop/events?wait=20&limit=3&after={some['next']}")

    assert empty["items"] == []
    assert 0 < empty["poll_after"] < WITHIN.total_seconds()
    assert ([event["id"] for event in some["items"]], some["poll_after"]) == (
        [event.id for event in events(0, 3)],
        0,
    )
    assert [event["id"] for event in rest["items"]] == [event.id for event in events(3, 5)]
    assert rest["poll_after"] == empty["poll_after"]


def test_the_newest_ones_and_the_end_are_found(aws: AwsHome) -> None:
    tell(aws, 0, 5)
    newest, none = (aws.ask("GET", f"/apps/shop/events?tail={count}") for count in (2, 0))
    tell(aws, 5, 6)

    assert [event["id"] for event in newest["items"]] == [event.id for event in events(3, 5)]
    assert none["items"] == []
    for page in (newest, none):
        following = aws.ask("GET", f"/apps/shop/events?after={page['next']}")
        assert [event["id"] for event in following["items"]] == [events(5, 6)[0].id]


def test_a_look_that_finds_nothing_new_is_one_small_query(dynamodb: object) -> None:
    meter = Meter(dynamodb)
    feed = DynamoFeed(DynamoTable(meter, NAME), SetClock())
    feed.append("shop", events(0, 40))
    meter.reset()

    assert not feed.read("shop", 40, 50).items
    assert (meter.calls, meter.reads) == (["query"], 0.5)
    meter.reset()
    feed.place_before_last("shop", 10)
    assert (meter.calls, meter.reads) == (["get_item"], 1)
