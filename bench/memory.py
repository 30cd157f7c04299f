"""How much memory the server holds, idle and with many tasks, and what a task's supervisor adds."""

import json
import subprocess
import time
from pathlib import Path
from statistics import median

from bench.home import APP, Home, running_home, wait_until
from bench.row import Budget, Row, quantity

TASKS = 200
IDLE = Budget(120, 80, "MB")
BUSY = Budget(200, 120, "MB")
SUPERVISOR = Budget(15, 10, "MB")
SETTLE = 2.0  # seconds


def measure(*, quick: bool) -> list[Row]:
    """Look at the resident memory of each process; PSS shares out what several have in common, where it is known."""
    tasks = 10 if quick else TASKS
    with running_home() as home:
        _warm_up(home)
        idle = _with_fork_server(home.pid)
        supervisors = _run(home, tasks)
        busy = _with_fork_server(home.pid)
        resident = [_resident(pid) for pid in supervisors]
        shares = [share for pid in supervisors if (share := _proportional(pid)) is not None]
    return [
        _row("server and its fork server, idle: resident memory", idle, IDLE),
        _row(f"... with {tasks} running tasks", busy, BUSY),
        _row("a task's supervisor: resident memory, the largest", max(resident), SUPERVISOR),
        Row("... median", quantity(median(resident), "MB")),
        Row(
            "... median without what they share (PSS)",
            quantity(median(shares), "MB") if shares else "unknown",
        ),
    ]


def _row(name: str, megabytes: float, budget: Budget) -> Row:
    return Row(name, quantity(megabytes, "MB"), judged=megabytes, budget=budget)


def _warm_up(home: Home) -> None:
    """A server that has never answered has not yet taken what it needs to."""
    home.create("true")
    home.wait_until_all_ended()
    home.ask("GET", f"/apps/{APP}/tasks")
    time.sleep(SETTLE)


def _run(home: Home, tasks: int) -> list[int]:
    """Start the tasks, and return their supervisors' process ids once all of them run."""
    ids = [home.create("sleep 600") for _ in range(tasks)]
    wait_until(lambda: not any(home.count(status) for status in ("PENDING", "STARTING")))
    time.sleep(SETTLE)
    return [_supervisor(home.runs / f"{task_id}-1") for task_id in ids]


def _supervisor(run: Path) -> int:
    return int(json.loads((run / "started.json").read_text())["supervisor_pid"])


def _with_fork_server(server: int) -> float:
    """The process that forks supervisors is the server's only child."""
    done = subprocess.run(["ps", "-axo", "pid=,ppid=,rss="], capture_output=True, text=True, check=True)
    rows = [[int(cell) for cell in line.split()] for line in done.stdout.splitlines()]
    return sum(size for pid, parent, size in rows if server in (pid, parent)) / 1024


def _resident(pid: int) -> float:
    done = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024


def _proportional(pid: int) -> float | None:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    sizes = [int(line.split()[1]) for line in lines if line.startswith("Pss:")]
    return sizes[0] / 1024 if sizes else None
