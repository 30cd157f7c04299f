"""The real `tapit-local` on a throw-away folder, as a user with nothing else would run it."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bench.machine import REPOSITORY
from bench.timing import Command
from local.runs.run_folder import RunFolder
from local.runs.run_requests import request_stop

BIN = Path(sys.executable).parent
TAPIT_LOCAL = (str(BIN / "tapit-local"),)
READY = "Ctrl-C ends the server."
PATIENCE = 120.0  # seconds
APP = "bench"
UNFINISHED = ("PENDING", "STARTING", "RUNNING", "STOPPING")


class Home:
    """A running server, its user's environment, and an app named `bench` that is the user's own choice."""

    def __init__(self, place: Path, server: "subprocess.Popen[str]", env: Mapping[str, str]) -> None:
        self.env = env
        self.pid = server.pid
        self.runs = place / "state" / "runs"
        self.token = (place / "state" / "token").read_text()
        served = json.loads((place / "state" / "server.json").read_text())
        self.port = int(served["tcp_url"].rpartition(":")[2])
        self.socket = str(served["url"]).removeprefix("unix:")
        self._connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def another(self) -> "Home":
        """The same home for another thread, over a connection of its own."""
        other = copy(self)
        other._connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        return other

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer's JSON; anything but a success ends the benchmark."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self._connection.request(method, path, content, headers)
        response = self._connection.getresponse()
        text = response.read().decode()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {text}")
        return json.loads(text)

    def tapit(self, *words: str) -> Command:
        return Command([str(BIN / "tapit"), *words], self.env)

    def create(self, command: str, **fields: Any) -> str:
        """Create a task, and return its id."""
        return str(self.ask("POST", f"/apps/{APP}/tasks", {"command": command, **fields})["id"])

    def show(self, task_id: str) -> Any:
        return self.ask("GET", f"/tasks/{task_id}")

    def count(self, status: str, at_most: int = 1) -> int:
        """Count the tasks of a status, no further than asked."""
        return len(self.ask("GET", f"/apps/{APP}/tasks?status={status}&limit={at_most}")["items"])

    def wait_until_all_ended(self) -> None:
        wait_until(lambda: not any(self.count(status) for status in UNFINISHED))


@contextmanager
def running_home(program: Sequence[str] = TAPIT_LOCAL, **env: str) -> Iterator[Home]:
    """Serve until the block ends; then nothing is left, neither a process nor a file."""
    with temporary_place() as place, serving(place, program, **env) as home:
        home.ask("POST", "/apps", {"name": APP, "stop_timeout": 2})
        subprocess.run([BIN / "tapit", "config", "set", f"app={APP}", "-q"], env=dict(home.env), check=True)
        yield home


@contextmanager
def temporary_place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tapit-bench-") as folder:
        yield Path(folder)


@contextmanager
def serving(place: Path, program: Sequence[str] = TAPIT_LOCAL, **more: str) -> Iterator[Home]:
    """Serve the state folder in a place, and end the server and every task of it with the block."""
    env = {"HOME": str(place), "PATH": f"{BIN}:{os.environ['PATH']}", "LANG": "C.UTF-8", **more}
    command = [*program, "--state", str(place / "state"), "--port", "0"]
    server = subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE, cwd=REPOSITORY)
    try:
        assert server.stdout is not None
        if not any(line.startswith(READY) for line in server.stdout):
            raise RuntimeError("tapit-local did not start")
        yield Home(place, server, env)
    finally:
        server.terminate()
        server.communicate()
        _end_tasks(place / "state" / "runs")


def wait_until(is_so: Callable[[], bool], pause: float = 0.1) -> None:
    patience = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > patience:
            raise TimeoutError("the benchmark waited too long")
        time.sleep(pause)


def _end_tasks(runs: Path) -> None:
    """Tasks outlive their server, by design; these must not."""
    folders = [RunFolder(path, path.name.rpartition("-")[0]) for path in runs.glob("*")]
    alive = [folder for folder in folders if folder.is_alive()]
    for folder in alive:
        request_stop(folder, "the benchmark is over")
    wait_until(lambda: not any(folder.is_alive() for folder in alive))
