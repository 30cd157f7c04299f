"""What the app adds to the requests that it makes of AWS: its time, their number over a task's life, and their price.

All of it within this process, on moto: how long AWS itself takes is not in here. Moto copies the whole table for each
transaction, so a creation takes the longer the more there were; the rows without its answers do not know that.
"""

import itertools
import random
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

from bench.row import Budget, Row, compare
from chalicelib.wiring import running_on
from tests.aws_adapters.aws_home import AwsHome, aws_home
from tests.aws_adapters.ecs_account import client
from tests.aws_adapters.news_of_a_life import News, newsroom
from tests.aws_adapters.test_news_of_a_life import DEAREST as DEAREST_NEWS
from tests.aws_adapters.test_news_of_a_life import DEAREST_WEBHOOK
from tests.aws_adapters.test_requests_of_a_life import DEAREST, DEAREST_WITH_A_WAIT, lives
from tests.aws_adapters.whole_life import Life
from tests.dynamodb_table import NAME

ROUNDS = 200
PRICE = Budget(DEAREST * 1000, 0.15, "$ per 1,000")
PRICE_WITH_A_WAIT = Budget(DEAREST_WITH_A_WAIT * 1000, 0.2, "$ per 1,000")
PRICE_OF_NEWS = Budget(DEAREST_NEWS * 1000, DEAREST_NEWS * 1000, "$ per 1,000")
PRICE_WITH_A_WEBHOOK = Budget((DEAREST_NEWS + DEAREST_WEBHOOK) * 1000, 0.04, "$ per 1,000")
RETURN = Budget(5, 5, "s")
BARE = {"pk": {"S": "bare"}, "text": {"S": "x" * 500}}


def measure(*, quick: bool) -> list[Row]:
    """Time warm requests of the API in turns with bare ones of the table, then count what lives take."""
    return [*_latencies(10 if quick else ROUNDS), *_lives(), *_news()]


class Waiting:
    """How long a home's clients have waited for answers, in seconds."""

    def __init__(self, home: AwsHome) -> None:
        self.seconds = 0.0
        self._since = 0.0
        for each in home.clients.values():
            each.meta.events.register("before-call", self._begin)
            each.meta.events.register("after-call", self._end)

    def _begin(self, **_: Any) -> None:
        self._since = time.perf_counter()

    def _end(self, **_: Any) -> None:
        self.seconds += time.perf_counter() - self._since


def _latencies(rounds: int) -> list[Row]:
    with aws_home() as home, running_on(home.services()):
        whole, own = _medians(_steps(home), Waiting(home), rounds)
    return [
        compare("AWS home on moto: create a task", whole["create"], whole["put"], "bare PutItem"),
        compare("without moto's answers", own["create"], whole["put"], "bare PutItem"),
        compare("AWS home on moto: read a task", whole["read"], whole["get"], "bare GetItem"),
        compare("without moto's answer", own["read"], whole["get"], "bare GetItem"),
    ]


def _steps(home: AwsHome) -> Mapping[str, Callable[[], Any]]:
    table, numbers = client("dynamodb"), itertools.count()
    table.put_item(TableName=NAME, Item=BARE)
    path = f"/tasks/{home.create()['id']}"
    return {
        "create": home.create,
        "put": lambda: table.put_item(TableName=NAME, Item={**BARE, "pk": {"S": f"bare-{next(numbers)}"}}),
        "read": lambda: home.ask("GET", path),
        "get": lambda: table.get_item(TableName=NAME, Key={"pk": BARE["pk"]}, ConsistentRead=True),
    }


def _medians(
    steps: Mapping[str, Callable[[], Any]], waiting: Waiting, rounds: int
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Return how long each takes, and how long without waiting; in a random order, and the first is not counted."""
    whole: dict[str, list[float]] = {name: [] for name in steps}
    own: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 1):
        for name in random.sample(list(steps), len(steps)):
            began, waited = time.perf_counter(), waiting.seconds
            steps[name]()
            took = time.perf_counter() - began
            if number:
                whole[name].append(took)
                own[name].append(took - (waiting.seconds - waited))
    return _median_of_each(whole), _median_of_each(own)


def _median_of_each(taken: Mapping[str, list[float]]) -> Mapping[str, float]:
    return {name: median(times) for name, times in taken.items()}


def _lives() -> list[Row]:
    with lives() as some:
        first, ordinary, waited = some.one(waits=False), some.one(waits=False), some.one(waits=True)
    looks = f"{waited.looks} looks, {waited.requests['cloudwatch-logs.GetLogEvents']} of GetLogEvents"
    returned = waited.returned_after
    return [
        Row("requests to AWS, an ordinary task", _requests_of(ordinary)),
        Row("... an app's first task", _requests_of(first)),
        Row("transitions of the state machine", f"{ordinary.transitions}"),
        _price("price of 1,000 ordinary tasks", ordinary, PRICE),
        _price("... each with a minute of `--wait`", waited, PRICE_WITH_A_WAIT),
        Row(
            "a minute of `--wait`: returns after the end",
            f"{returned:g} s",
            looks,
            judged=returned,
            budget=RETURN,
        ),
    ]


def _news() -> list[Row]:
    with newsroom() as room:
        _, unheard = room.tell(), room.tell()
        room.subscribe()
        _, heard = room.tell(), room.tell()
    return [
        _price("price of the news of 1,000 tasks, in the feed and on the bus", unheard, PRICE_OF_NEWS),
        _price("... and sent to a webhook", heard, PRICE_WITH_A_WEBHOOK),
    ]


def _requests_of(life: Life) -> str:
    table = sum(number for name, number in life.requests.items() if name.startswith("dynamodb."))
    return f"{sum(life.requests.values())}, {table} of them DynamoDB's"


def _price(what: str, life: Life | News, budget: Budget) -> Row:
    thousand = life.dollars * 1000
    parts = ", ".join(f"{name} {dollars * 1000:.3f}" for name, dollars in life.bill.items())
    return Row(what, f"${thousand:.3f}", parts, judged=thousand, budget=budget)
