"""How a run is started: its folder is made, and a supervisor takes charge of it.

CannotSpawn         no supervisor could be started; nothing has run, and a second try may succeed
├── OutOfProcesses  ... for want of processes, memory or open files
└── OutOfSpace      ... for want of room on the disk
NoWord              it was killed, or stood still, before it said whether it began: the same start is to be repeated
"""

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.runs.run_folder import RunFolder
from local.runs.run_requests import set_time_limit
from local.runs.supervisor_starter import ForkServerLost, SupervisorStarter
from local.supervisor.run_files import has_begun
from local.supervisor.spec import TASK_ID, encode
from local.supervisor.startup import BEGUN, FAILED


class CannotSpawn(Exception):
    """A failure of this machine; the message is for the user."""


class NoWord(Exception):
    """The message is for the user."""


class OutOfProcesses(CannotSpawn):
    pass


class OutOfSpace(CannotSpawn):
    pass


_SPAWN_ERRORS: dict[int, type[CannotSpawn]] = {
    errno.EAGAIN: OutOfProcesses,
    errno.ENOMEM: OutOfProcesses,
    errno.EMFILE: OutOfProcesses,
    errno.ENFILE: OutOfProcesses,
    errno.ENOSPC: OutOfSpace,
    errno.EDQUOT: OutOfSpace,
}


@dataclass(frozen=True)
class TaskToRun:
    """What the supervisor is told on its standard input; only the time limit is on the disk."""

    command: str
    environment: Mapping[str, str]
    server_pipe: Path
    workdir: Path | None = None  # None: an empty folder of the task's own, removed with its run folder
    max_seconds: float | None = None
    memory_bytes: int | None = None
    stop_timeout: float = 30.0
    memory_by: str = ""  # "polling" leaves control groups alone
    cpu: float | None = None  # kept only by a control group
    details: Mapping[str, Any] | None = None  # what its driver alone needs, as JSON has it


def start_run(folder: RunFolder, task: TaskToRun, starter: SupervisorStarter) -> bool:
    """Return once the supervisor is in charge: True, or False if this attempt was begun before.

    Raise CannotSpawn when nothing was begun, NoWord when that is not known.
    """
    if has_begun(str(folder.path)):
        return False
    with _naming_the_failure():
        folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        set_time_limit(folder, task.max_seconds)
        return _spawn(folder, task, starter)


def _spawn(folder: RunFolder, task: TaskToRun, starter: SupervisorStarter) -> bool:
    try:
        return _understand(starter.start_supervisor(_specification(folder, task)))
    except ForkServerLost as error:
        if has_begun(str(folder.path)):
            return True
        if str(error):
            raise _ended_at_once(str(error)) from error
        raise NoWord("The task's supervisor was killed, or stood still, before it began.") from error


def _specification(folder: RunFolder, task: TaskToRun) -> bytes:
    settings = {
        "folder": str(folder.path),
        "task_id": folder.task_id,
        "command": task.command,
        "workdir": "" if task.workdir is None else str(task.workdir),
        "stop_timeout": repr(task.stop_timeout),
        "server_pipe": str(task.server_pipe),
        "memory_bytes": "" if task.memory_bytes is None else str(task.memory_bytes),
        "memory_by": task.memory_by,
        "cpu": "" if task.cpu is None else repr(task.cpu),
        "details": "" if task.details is None else json.dumps(task.details),
    }
    return encode(settings, {**task.environment, TASK_ID: folder.task_id})


@contextmanager
def _naming_the_failure() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _failure(error.errno or 0) from error


def _failure(number: int) -> CannotSpawn:
    kind = _SPAWN_ERRORS.get(number, CannotSpawn)
    return kind(f"The task's supervisor could not be started: {os.strerror(number).lower()}.")


def _understand(answer: bytes) -> bool:
    """Return whether this start began the task."""
    status = answer.partition(b"\n")[0]
    if not status.isdigit():
        raise _ended_at_once(answer.decode(errors="replace"))
    if int(status) >= FAILED:
        raise _failure(int(status) - FAILED)
    return int(status) == BEGUN


def _ended_at_once(complaint: str) -> CannotSpawn:
    last_line = complaint.strip().rpartition("\n")[2]
    return CannotSpawn(f"The task's supervisor ended at once: {last_line}")
