"""Every request to AWS that one task's life takes, from its creation to a look at its end, and what they cost."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.wiring import minute, services
from tests.aws_adapters.aws_home import AwsHome, aws_home
from tests.aws_adapters.dynamodb_meter import Meter
from tests.aws_adapters.ecs_account import client
from tests.aws_adapters.whole_life import FOLDER, Life, Timeline, WholeLife

# The functions were used before, but the person's token was not for half a minute; nothing is tried again.
ORDINARY = {
    "dynamodb.GetItem": 11,
    "dynamodb.PutItem": 4,
    "dynamodb.TransactWriteItems": 2,
    "ecs.DescribeServices": 1,
    "ecs.RunTask": 1,
    "sfn.StartExecution": 1,
}
# Each function has just started, and nobody has made the app's log group and its task definition; and it is written
# down, once an hour, that the token was used.
OF_THE_FIRST = {
    "dynamodb.GetItem": ORDINARY["dynamodb.GetItem"] + 1,
    "dynamodb.PutItem": ORDINARY["dynamodb.PutItem"] + 1,
    "cloudwatch-logs.CreateLogGroup": 1,
    "cloudwatch-logs.PutRetentionPolicy": 1,
    "ecs.DescribeTaskDefinition": 2,
    "ecs.RegisterTaskDefinition": 1,
}
MOST_REQUESTS = 20
MOST_TRANSITIONS = 4
MOST_LOOKS = 16  # of a client that waits for a minute
DEAREST, DEAREST_WITH_A_WAIT = 0.0002, 0.0003
A_LINE_AND_A_LAST_ONE = (31, 61)
A_LINE_A_SECOND = range(26, 62)


class Lives:
    """Tasks of one app, one after the other."""

    def __init__(self, home: AwsHome, timeline: Timeline, meter: Meter) -> None:
        self.home = home
        self._timeline = timeline
        self._meter = meter

    def one(self, *, waits: bool, prints_at: Sequence[float] = A_LINE_AND_A_LAST_ONE) -> Life:
        return WholeLife(self.home, self._timeline, prints_at).live(self._meter, waits=waits)


@contextmanager
def lives() -> Iterator[Lives]:
    timeline, meters = Timeline(), []

    def metered(table: Any) -> Meter:
        meters.append(Meter(table, beside=client("dynamodb")))
        return meters[0]

    with aws_home(timeline, metered) as home:
        yield Lives(home, timeline, meters[0])


@pytest.fixture(scope="module")
def three() -> Sequence[Life]:
    """The first task of an app, an ordinary one, and an ordinary one that somebody waits for."""
    with lives() as some:
        return [some.one(waits=False), some.one(waits=False), some.one(waits=True)]


def test_an_ordinary_task_makes_these_requests_and_no_others(three: Sequence[Life]) -> None:
    _, ordinary, _ = three

    assert ordinary.requests == ORDINARY
    assert sum(ordinary.requests.values()) <= MOST_REQUESTS
    assert ordinary.transitions <= MOST_TRANSITIONS


def test_the_first_task_of_an_app_makes_these_beside_them(three: Sequence[Life]) -> None:
    first, *_ = three

    assert first.requests == ORDINARY | OF_THE_FIRST
    assert first.transitions <= MOST_TRANSITIONS


def test_each_function_keeps_to_the_items_that_its_policy_names() -> None:
    """Beside the API's: DynamoDB refuses whatever is not named, and moto does not."""
    with lives() as some:
        some.one(waits=False)
        some.home.create()
        some.home.call("sweep", lambda: minute().run(services()))
        keys = {name: used for name, used in some.home.keys.items() if name not in ("", "api_handler")}

    assert {"launch", "check_deadline", "ecs_event", "sweep"} == keys.keys()
    for function, used in keys.items():
        named = patterns(function)
        assert [key for key in used if not any(fnmatchcase(key, each) for each in named)] == [], function


def patterns(function: str) -> list[str]:
    """The beginnings of keys that a function's policy names."""
    policy = json.loads((FOLDER / "policies" / f"{function}.json").read_text())
    conditions = [each["Condition"] for each in policy["Statement"] if "LeadingKeys" in json.dumps(each)]
    return [key for each in conditions for key in each["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]]


def test_a_client_that_waits_looks_a_few_times_and_changes_nothing_else(three: Sequence[Life]) -> None:
    _, ordinary, waited = three
    beside = {name: n - ordinary.requests.get(name, 0) for name, n in waited.requests.items()}

    assert waited.looks <= MOST_LOOKS
    assert beside.pop("cloudwatch-logs.GetLogEvents") <= MOST_LOOKS + 1
    assert beside.pop("dynamodb.GetItem") <= MOST_LOOKS + 2  # the token is read anew now and then
    assert set(beside.values()) == {0}
    assert waited.transitions == ordinary.transitions


def test_a_client_that_waits_has_all_of_the_output_within_five_seconds_of_the_end(
    three: Sequence[Life],
) -> None:
    *_, waited = three

    assert waited.printed == [str(moment) for moment in A_LINE_AND_A_LAST_ONE]
    assert waited.returned_after <= 5


def test_a_life_costs_a_fiftieth_of_a_cent_at_the_most_and_a_wait_half_of_that(three: Sequence[Life]) -> None:
    first, ordinary, waited = three

    assert max(first.dollars, ordinary.dollars) < DEAREST, (first.bill, ordinary.bill)
    assert waited.dollars < DEAREST_WITH_A_WAIT, waited.bill


def test_output_that_never_pauses_costs_no_more_than_that() -> None:
    with lives() as some:
        some.one(waits=False)
        chatty = some.one(waits=True, prints_at=A_LINE_A_SECOND)

    assert chatty.printed == [str(moment) for moment in A_LINE_A_SECOND]
    assert chatty.dollars < DEAREST_WITH_A_WAIT, chatty.bill


def test_a_client_hears_of_the_end_though_all_of_its_output_is_throttled() -> None:
    with lives() as some:
        some.home.clients["logs"].meta.events.register("before-call.cloudwatch-logs.GetLogEvents", _throttle)
        waited = some.one(waits=True)

    assert waited.printed == []
    assert waited.returned_after <= 20


def _throttle(**_: Any) -> None:
    raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "GetLogEvents")
