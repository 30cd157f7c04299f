"""What the app adds to the requests that it makes of AWS: its time, their number over a task's life, and their price.

All of it within this process, on moto: how long AWS itself takes is not in here.
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
PRICE = Budget(MOST * 1000, 0.25, "$ per 1,000")
BARE = {"pk": {"S": "bare"}, "text": {"S": "x" * 500}}


def measure(*, quick: bool) -> list[Row]:
    """Time warm requests of the API in turns with bare ones of the table, then count what a life takes."""
    return [*_latencies(10 if quick else ROUNDS), *_life()]


def _latencies(rounds: int) -> list[Row]:
    with aws_home(lambda **_: None) as home, running_on(home.services()):
        took = _medians(_steps(home), rounds)
    return [
        compare("AWS home on moto: create a task", took["create"], took["put"], "bare PutItem"),
        compare("AWS home on moto: read a task", took["read"], took["get"], "bare GetItem"),
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


def _medians(steps: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """In a random order each time, so that whatever else the machine does hits all alike; the first is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 1):
        for name in random.sample(list(steps), len(steps)):
            began = time.perf_counter()
            steps[name]()
            if number:
                taken[name].append(time.perf_counter() - began)
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
