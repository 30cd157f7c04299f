"""How many requests one server answers in a second, over connections that stay open."""

import os
import sys
import time
from pathlib import Path
from statistics import median
from uuid import uuid4

from bench.home import APP, Home, running_home
from bench.load import Load, put, request
from bench.machine import sync_time
from bench.row import Budget, Row, milliseconds, quantity

READS = Budget(1000, 2000, "/s", more_is_better=True)
CREATES = Budget(300, 600, "/s", more_is_better=True)
CONNECTIONS = (1, 4)
HOLDING_BACK = (sys.executable, "-m", "bench.holding_back")
BODY = '{"command": "true"}'


def measure(*, quick: bool) -> list[Row]:
    """Put load on a server from another process: reads, creates alone, then creates of tasks that run meanwhile."""
    count = 20 if quick else 300
    with running_home() as home:
        rows = _reads(home, seconds=0.5 if quick else 2.0, rounds=1 if quick else 5)
    with running_home(HOLDING_BACK) as home:
        rows += [_creates(home, connections, count, "nothing launched") for connections in CONNECTIONS]
    with running_home() as home:
        for connections in CONNECTIONS:
            rows += _creates_and_runs(home, connections, count)
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


def _creates(home: Home, connections: int, count: int, circumstances: str) -> Row:
    requests = [
        request("POST", f"/apps/{APP}/tasks", home.token, BODY, headers=f"Idempotency-Key: {uuid4().hex}\r\n")
        for _ in range(count)
    ]
    sync = milliseconds(sync_time())
    before = _processor_seconds(home.pid)
    outcome = put(Load(home.port, requests, connections))
    cost = (_processor_seconds(home.pid) - before) / count
    return _row(
        f"creates (durable), {circumstances}",
        connections,
        outcome.rate,
        cost,
        CREATES,
        f"; a sync of the disk takes {sync}",
    )


def _creates_and_runs(home: Home, connections: int, count: int) -> list[Row]:
    """What was accepted is launched at once, with the same processors; every task must have succeeded in the end."""
    began = time.perf_counter()
    accepted = _creates(home, connections, count, f"a burst of {count}, launched meanwhile")
    home.wait_until_all_ended()
    took = time.perf_counter() - began
    if any(home.count(status) for status in ("FAILED", "STOPPED", "TIMED_OUT", "LOST")):
        raise RuntimeError("a task of `true` did not succeed")
    ended = Row("... until all of them had ended", quantity(took, "s"), quantity(count / took, "tasks/s"))
    return [accepted, ended]


def _row(what: str, connections: int, rate: float, cost: float, budget: Budget, more: str = "") -> Row:
    plural = "s" if connections > 1 else ""
    return Row(
        f"{what}, {connections} connection{plural}",
        quantity(rate, "/s"),
        f"{milliseconds(cost)} of the server's processor each{more}",
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
