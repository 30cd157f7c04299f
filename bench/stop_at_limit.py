"""How punctually a task is stopped when its time is up."""

from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import Any

from bench.home import Home, running_home
from bench.row import Budget, Row, milliseconds

TASKS = 20
BUDGET = Budget(2, 1, "s")


def measure(*, quick: bool) -> list[Row]:
    """Let tasks run into limits of a few seconds, no two at the same moment, and see how late each was stopped."""
    with running_home() as home:
        lateness = _lateness(home, 5 if quick else TASKS)
    early = sum(seconds < 0 for seconds in lateness)
    spread = " / ".join(milliseconds(pick(lateness)) for pick in (min, median, max))
    return [
        Row(
            f"stopped at max_hours, {len(lateness)} tasks: how late (min / median / max)",
            spread,
            judged=max(lateness),
            budget=BUDGET,
        ),
        Row("... and how many too early", str(early), judged=early, budget=Budget(0, 0, "")),
    ]


def _lateness(home: Home, tasks: int) -> list[float]:
    limits = [(2 + number * 0.15) / 3600 for number in range(tasks)]
    ids = [home.create("sleep 600", max_hours=limit) for limit in limits]
    home.wait_until_all_ended()
    return [_late(home.show(task_id)) for task_id in ids]


def _late(task: Any) -> float:
    if task["status"] != "TIMED_OUT":
        raise RuntimeError(f"a task ended as {task['status']}, not by its limit")
    deadline, stopped = _times((task["deadline"], task["stopped_at"]))
    return (stopped - deadline).total_seconds()


def _times(texts: Sequence[str]) -> list[datetime]:
    return [datetime.fromisoformat(text) for text in texts]
