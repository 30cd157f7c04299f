"""How many requests one server answers in a second, over connections that stay open."""

import os
import time
from pathlib import Path
from statistics import median
from uuid import uuid4

from bench.home import APP, Home, running_home
from bench.load import Load, put, request
from bench.row import Budget, Row, quantity

READS = Budget(1000, 2000, "/s", more_is_better=True)
CREATES = Budget(300, 600, "/s", more_is_better=True)
CONNECTIONS = (1, 4)
BODY = '{"command": "true"}'


def measure(*, quick: bool) -> list[Row]:
    """Put load on a server from another process: reads first, while no task runs, then creates."""
    with running_home() as home:
        rows = _reads(home, seconds=0.5 if quick else 2.0, rounds=1 if quick else 5)
        for connections in CONNECTIONS:
            rows += _creates(home, connections, count=20 if quick else 300)
    return rows


def _reads(home: Home, seconds: float, rounds: int) -> list[Row]:
    task_id = home.create("true")
    home.wait_until_all_ended()
    asked = request("GET", f"/tasks/{task_id}", home.token)
    rates: dict[int, list[float]] = {connections: [] for connections in CONNECTIONS}
    costs: dict[int, list[float]] = {connections: [] for connections in CONNECTIONS}
    for _ in range(rounds):
        for connections in CONNECTIONS:
            before = _processor_seconds(home.pid)
            outcome = put(Load(home.port, [asked], connections, seconds))
            rates[connections].append(outcome.rate)
            costs[connections].append((_processor_seconds(home.pid) - before) / outcome.answers)
    return [
        _row(
            "reads (GET /tasks/{id})",
            connections,
            median(rates[connections]),
            median(costs[connections]),
            READS,
        )
        for connections in CONNECTIONS
    ]


def _creates(home: Home, connections: int, count: int) -> list[Row]:
    """The server launches what it has accepted meanwhile, with the same processors."""
    requests = [
        request("POST", f"/apps/{APP}/tasks", home.token, BODY, headers=f"Idempotency-Key: {uuid4().hex}\r\n")
        for _ in range(count)
    ]
    before, began = _processor_seconds(home.pid), time.perf_counter()
    outcome = put(Load(home.port, requests, connections))
    cost = (_processor_seconds(home.pid) - before) / count
    home.wait_until_all_ended()
    took = time.perf_counter() - began
    return [
        _row(f"creates accepted (durable; {count} in a burst)", connections, outcome.rate, cost, CREATES),
        Row(
            "... until all of them had run and ended",
            quantity(took, "s"),
            f"{quantity(count / took, 'tasks/s')}",
        ),
    ]


def _row(what: str, connections: int, rate: float, cost: float, budget: Budget) -> Row:
    plural = "s" if connections > 1 else ""
    return Row(
        f"{what}, {connections} connection{plural}",
        quantity(rate, "/s"),
        f"{quantity(cost * 1000, 'ms')} of the server's processor each",
        judged=rate,
        budget=budget,
    )


def _processor_seconds(pid: int) -> float:
    """What the server itself has used; what its tasks use is not in it until they are reaped."""
    status = Path(f"/proc/{pid}/stat")
    if not status.exists():
        return float("nan")
    fields = status.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
