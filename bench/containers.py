"""What a task in a container costs beside the container itself: its start, its output, and many of them at once."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from bench.home import APP, Home, running_home
from bench.row import Budget, Row, milliseconds, quantity
from bench.timing import Command, medians, medians_of_steps
from tests.containers.engine import Engine, an_engine
from tests.containers.images import busybox, image
from tests.containers.podman import CannotRun

IMAGE = "localhost/tapit-bench/busybox:1"
OVERHEAD = Budget(200, 100, "ms")
AT_ONCE = 50
PRINTS = "yes {} | head -c 100000000".format("x" * 199)
MEGABYTES = 100


def measure(*, quick: bool) -> list[Row]:
    """Without an engine there is nothing to measure, and a row that says so."""
    try:
        with _engine() as engine, running_home(DOCKER_HOST=engine.host) as home:
            home.ask("PATCH", f"/apps/{APP}", {"image": IMAGE})
            rounds = 2 if quick else 15
            return [
                *_start(engine, home, rounds),
                *_output(engine, home),
                _many(home, 5 if quick else AT_ONCE),
            ]
    except CannotRun as why:
        return [Row("tasks in containers", f"not measured: {why}")]


@contextmanager
def _engine() -> Iterator[Engine]:
    with an_engine() as engine:
        with engine.client() as client:
            client.images.load(image(IMAGE, busybox, Cmd=["/bin/sh"]))
        yield engine


def _start(engine: Engine, home: Home, rounds: int) -> list[Row]:
    with engine.client() as client:
        steps: dict[str, Callable[[], object]] = {
            "bare": lambda: _run_bare(client.api, ["true"]),
            "task": partial(_run, home.tapit("create", "task", "-w", "true")),
            "version": partial(_run, home.tapit("--version")),
        }
        medians_of_steps(steps, 1)  # what is done for the first time takes longer
        took = medians_of_steps(steps, rounds)
    floor = took["bare"] + took["version"]
    overhead = (took["task"] - floor) * 1000
    return [
        Row(
            "`tapit create task -w true` in a container, whole command",
            milliseconds(took["task"]),
            f"{milliseconds(floor)} the engine's own run + `tapit --version`",
        ),
        Row("... over those two", milliseconds(overhead / 1000), judged=overhead, budget=OVERHEAD),
    ]


def _run(command: Command) -> None:
    subprocess.run(command.words, env=dict(command.env), capture_output=True, check=True)


def _run_bare(api: Any, command: list[str]) -> int:
    """Do what `docker run --rm` does, and return how many bytes came."""
    made = api.create_container(IMAGE, command, host_config=api.create_host_config(init=True))["Id"]
    line = api.attach_socket(made, params={"stdout": 1, "stderr": 1, "stream": 1})
    api.start(made)
    size = 0
    while part := line.read(65536):
        size += len(part)
    while api.inspect_container(made)["State"]["Running"]:
        time.sleep(0.005)
    api.remove_container(made, force=True)
    return size


def _output(engine: Engine, home: Home) -> list[Row]:
    with engine.client() as client:
        began = time.perf_counter()
        _run_bare(client.api, ["sh", "-c", PRINTS])
        bare = MEGABYTES / (time.perf_counter() - began)
    # With two cores it is the way of the output that is measured, not its making.
    create = home.tapit("create", "task", PRINTS, "cpu=2", "memory=4", "-w")
    took = medians({"task": create}, 1)["task"]
    return [
        Row(
            f"{MEGABYTES} MB that a container prints, streamed by `-w`",
            quantity(MEGABYTES / took, "MB/s"),
            f"{quantity(bare, 'MB/s')} read from the engine",
        )
    ]


def _many(home: Home, count: int) -> Row:
    began = time.perf_counter()
    tasks = [home.create("sleep 1") for _ in range(count)]
    home.wait_until_all_ended()
    took = time.perf_counter() - began
    failed = sum(home.show(task)["exit_code"] != 0 for task in tasks)
    return Row(
        f"{count} containers of `sleep 1` at once, until all are over",
        quantity(took, "s"),
        f"{failed} failed",
    )
