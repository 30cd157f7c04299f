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
from tests.aws_adapters.ecs_account import client
from tests.aws_adapters.test_requests_of_a_life import MOST, AwsHome, a_life, aws_home
from tests.dynamodb_table import NAME

ROUNDS = 200
PRICE = Budget(MOST * 1000, 0.2, "$ per 1,000")
BARE = {"pk": {"S": "bare"}, "text": {"S": "x" * 500}}


def measure(*, quick: bool) -> list[Row]:
    """Time warm requests of the API in turns with bare ones of the table, then count what a life takes."""
    return [*_latencies(10 if quick else ROUNDS), *_life()]


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
    with aws_home(lambda **_: None) as home, running_on(home.services()):
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
    path = f"/tasks/{home.create()}"
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


def _life() -> list[Row]:
    life = a_life()
    table = sum(number for name, number in life.requests.items() if name.startswith("dynamodb."))
    thousand = life.dollars * 1000
    parts = ", ".join(f"{name} {dollars * 1000:.3f}" for name, dollars in life.bill.items())
    return [
        Row(
            "requests to AWS, an app's first task",
            f"{sum(life.requests.values())}, {table} of them DynamoDB's",
        ),
        Row("price of 1,000 such tasks", f"${thousand:.3f}", parts, judged=thousand, budget=PRICE),
    ]
