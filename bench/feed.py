"""How soon whoever waits for an app's feed hears of a change."""

import threading
import time
from datetime import datetime
from statistics import median, quantiles
from typing import Any

from bench.home import APP, Home, running_home
from bench.row import Budget, Row, milliseconds

TASKS = 100
MEDIAN = Budget(100, 50, "ms")
NINETY_NINTH = Budget(500, 250, "ms")


def measure(*, quick: bool) -> list[Row]:
    """Let one task after the other run and end, and compare when each change was with when it was heard of."""
    with running_home() as home:
        cursor = _read(home, "tail=0")["next"]
        heard: list[float] = []
        tasks = 10 if quick else TASKS
        reader = threading.Thread(target=_hear, args=(home.another(), cursor, tasks, heard))
        reader.start()
        for _ in range(tasks):
            home.create("true")
            home.wait_until_all_ended()
        reader.join()
    return [
        Row(
            f"from a change of status to a reader of the feed who waits, {len(heard)} changes: median",
            milliseconds(median(heard)),
            judged=median(heard) * 1000,
            budget=MEDIAN,
        ),
        Row(
            "... 99th of a hundred",
            milliseconds(quantiles(heard, n=100)[98]),
            judged=quantiles(heard, n=100)[98] * 1000,
            budget=NINETY_NINTH,
        ),
    ]


def _hear(home: Home, cursor: str, tasks: int, heard: list[float]) -> None:
    """Note how old each event is when it comes, until so many tasks have ended."""
    left = tasks
    while left:
        page = _read(home, f"after={cursor}&wait=20")
        now = time.time()
        cursor = page["next"]
        heard += [now - datetime.fromisoformat(event["time"]).timestamp() for event in page["items"]]
        left -= sum(event["status"] == "SUCCEEDED" for event in page["items"])


def _read(home: Home, query: str) -> Any:
    return home.ask("GET", f"/apps/{APP}/events?{query}")
