"""What many who follow mean for each other, for everybody else and for the server's memory."""

import subprocess
import time
from statistics import median, quantiles

from bench.crowd import FIRST_LINES, Crowd, CrowdProcess
from bench.home import Home, running_home
from bench.row import Budget, Row, milliseconds, quantity

BUSY, QUIET = 500, 1500
QUIET_TASKS = 10
TICKING = "while :; do date +%s.%N; sleep 0.5; done"
SECONDS = 20.0
GET = Budget(10, 5, "ms")
LATE = Budget(500, 250, "ms")
MEMORY = Budget(150, 120, "MB")


def measure(*, quick: bool) -> list[Row]:
    """500 follow a task that prints twice a second, 1,500 follow quiet ones; meanwhile somebody else works."""
    busy, quiet = (20, 60) if quick else (BUSY, QUIET)
    with running_home() as home:
        ticking = home.create(TICKING)
        sleeping = [home.create("sleep 600") for _ in range(QUIET_TASKS)]
        crowd = Crowd(home.socket, {ticking: busy, **dict.fromkeys(sleeping, quiet // QUIET_TASKS)}, SECONDS)
        followers = CrowdProcess(crowd)
        time.sleep(FIRST_LINES)
        looks = _looks(home, sleeping[0], until=time.monotonic() + SECONDS / 2)
        memory = _resident(home.pid)
        stop = _time_of_stop(home, sleeping[0])
        late = followers.seen().lateness
    who = f"{busy} following a busy task, {quiet} quiet ones"
    return [
        _row(f"GET /tasks/{{id}} beside {who}: median", median(looks), GET),
        Row("... 99th of a hundred", milliseconds(quantiles(looks, n=100)[98])),
        _row("how late a line comes to each of them: 99th of a hundred", quantiles(late, n=100)[98], LATE),
        Row("... median", milliseconds(median(late)), f"{len(late):,} lines"),
        Row("a stop beside them, until it is answered", milliseconds(stop)),
        Row("the server's resident memory", quantity(memory, "MB"), judged=memory, budget=MEMORY),
    ]


def _row(name: str, seconds: float, budget: Budget) -> Row:
    return Row(name, milliseconds(seconds), judged=seconds * 1000, budget=budget)


def _looks(home: Home, task_id: str, until: float) -> list[float]:
    taken = []
    while time.monotonic() < until:
        began = time.perf_counter()
        home.show(task_id)
        taken.append(time.perf_counter() - began)
        time.sleep(0.02)
    return taken


def _time_of_stop(home: Home, task_id: str) -> float:
    began = time.perf_counter()
    home.ask("POST", f"/tasks/{task_id}/stop")
    return time.perf_counter() - began


def _resident(pid: int) -> float:
    done = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024
