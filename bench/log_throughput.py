"""How fast a task's output comes through the command line, against `cat` of the file that holds it."""

import subprocess
import time
from statistics import median

from bench.home import BIN, Home, running_home
from bench.row import Budget, Row, milliseconds, quantity
from bench.timing import Command, medians

SHORT_LINES = "seq 8000000 | head -c 55000000"
LONG_LINES = "yes {} | head -c 200000000".format("x" * 199)
THROUGHPUT = Budget(40, 80, "MB/s", more_is_better=True)
PACED = "for i in $(seq 40); do head -c 2500000 /dev/zero | tr '\\0' x | fold -w 79; sleep 0.05; done"
BEHIND = Budget(2000, 1000, "ms")


def measure(*, quick: bool) -> list[Row]:
    """55 MB of short lines and 200 MB of long ones, read afterwards; and followed while they are printed."""
    rounds = 1 if quick else 5
    with running_home() as home:
        return [
            _read("`tapit logs` of 55 MB of short lines", home, SHORT_LINES, rounds),
            _read("`tapit logs` of 200 MB", home, LONG_LINES, rounds),
            _waited(home, rounds),
            *(_behind(home, rounds=1 if quick else 3)),
        ]


def _read(name: str, home: Home, command: str, rounds: int) -> Row:
    task_id = home.create(command)
    home.wait_until_all_ended()
    file = home.runs / f"{task_id}-1" / "output"
    taken = medians({"logs": home.tapit("logs", task_id), "cat": Command(["cat", str(file)])}, rounds)
    return _throughput(name, file.stat().st_size, taken["logs"], f"{milliseconds(taken['cat'])} cat")


def _waited(home: Home, rounds: int) -> Row:
    """The whole life of a task that prints, streamed by `-w`."""
    taken = medians({"-w": home.tapit("create", "task", SHORT_LINES, "-w")}, rounds)
    return _throughput(
        "`tapit create task -w` of the same short lines, from start to end", 55_000_000, taken["-w"], ""
    )


def _throughput(name: str, size: int, seconds: float, against: str) -> Row:
    rate = size / 1e6 / seconds
    return Row(name, quantity(rate, "MB/s"), against, judged=rate, budget=THROUGHPUT)


def _behind(home: Home, rounds: int) -> list[Row]:
    """How long after the end of a task that prints 50 MB/s its follower ends."""
    late = [_follow_to_the_end(home) for _ in range(rounds)]
    name = "`tapit logs -f` of a task that prints about 50 MB a second ends after it"
    return [Row(name, milliseconds(median(late)), judged=median(late) * 1000, budget=BEHIND)]


def _follow_to_the_end(home: Home) -> float:
    task_id = home.create(PACED)
    follower = subprocess.Popen(
        [BIN / "tapit", "logs", "-f", task_id], env=dict(home.env), stdout=subprocess.DEVNULL
    )
    ended = home.runs / f"{task_id}-1" / "exit.json"
    while not ended.exists():
        time.sleep(0.005)
    began = time.perf_counter()
    if follower.wait() != 0:
        raise RuntimeError("the follower failed")
    return time.perf_counter() - began
