"""Runs real tasks under real supervisors, and cleans up after the tests that upset them."""

import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from local.process_driver import process_tree
from local.process_driver.leftovers import kill_leftovers
from local.process_driver.process_driver import FORK_SERVER
from local.runs.run_folder import Exited, RunFolder, Running, StillRunning
from local.runs.run_start import TaskToRun, start_run
from local.runs.supervisor_starter import SupervisorStarter

GENEROUS = 30.0  # seconds; only a failing test waits that long
ENVIRONMENT = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
Found = TypeVar("Found")
Known = TypeVar("Known", Running, Exited)

_DAEMON = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1000)
    print("at large", flush=True)
    os._exit(0)
os.wait()
"""
# A background child, a child in a session of its own, and a double-forked daemon that ignores SIGTERM.
ESCAPE = f"sleep 1000 & setsid sleep 1000 & {sys.executable} -c {shlex.quote(_DAEMON)}; "


def until(look: Callable[[], Found]) -> Found:
    """Return what `look` finds as soon as it is true."""
    deadline = time.monotonic() + GENEROUS
    while not (found := look()):
        assert time.monotonic() < deadline, "this never came true"
        time.sleep(0.002)
    return found


def children_of(parent: int) -> list[int]:
    """Return the ids of a process's children, zombies included."""
    children: list[int] = []
    for thread in Path(f"/proc/{parent}/task").iterdir():
        with suppress(OSError):  # a thread that has ended meanwhile
            children += map(int, (thread / "children").read_text().split())
    return sorted(children)


def opened_by(pid: int) -> list[str]:
    """Return what a process has open; it may let go of some of it meanwhile, or end."""
    found: list[str] = []
    with suppress(FileNotFoundError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                found.append(str(link.readlink()))
    return found


class SupervisedTask:
    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder

    @property
    def processes(self) -> list[int]:
        return process_tree.tagged(self.folder.task_id)

    def running(self) -> Running:
        return self._until(Running)

    def exited(self) -> Exited:
        return self._until(Exited)

    def printed(self) -> bytes:
        return self.folder.output.read(0, self.folder.output.size())

    def says(self, text: bytes) -> None:
        until(lambda: text in self.printed())

    def is_over(self) -> None:
        until(lambda: not self.folder.is_alive())

    def _until(self, kind: type[Known]) -> Known:
        def look() -> Known | None:
            state = self.folder.state()
            return state if isinstance(state, kind) else None

        state = until(look)
        assert state is not None
        return state


class Machine:
    """A place to run tasks in, and a server's pipe with nobody at the other end."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.server_pipe = place / "server"
        self.starter = SupervisorStarter(FORK_SERVER)
        self._tasks: list[SupervisedTask] = []

    def task(self, name: str = "") -> SupervisedTask:
        task_id = name or uuid4().hex[:12]
        task = SupervisedTask(RunFolder(self.place / task_id, task_id))
        self._tasks.append(task)
        return task

    def start(self, command: str, **details: Any) -> SupervisedTask:
        task = self.task()
        assert start_run(task.folder, self.to_run(command, **details), self.starter)
        return task

    def to_run(self, command: str, **details: Any) -> TaskToRun:
        defaults: dict[str, Any] = {
            "environment": ENVIRONMENT,
            "server_pipe": self.server_pipe,
            "stop_timeout": GENEROUS,
        }
        return TaskToRun(command=command, **(defaults | details))

    def clean_up(self) -> None:
        for task in self._tasks:
            kill_leftovers(task.folder)
            with suppress(StillRunning):
                task.folder.remove()
        self.starter.close()


@contextmanager
def machine_in(place: Path) -> Iterator[Machine]:
    machine = Machine(place)
    try:
        yield machine
    finally:
        machine.clean_up()
