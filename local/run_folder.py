"""The server's end of a supervised task: start it, ask it to stop, and read what it left.

RunFolderError
├── CannotSpawn         no supervisor could be started; nothing has run, and a second try may succeed
│   ├── OutOfProcesses  ... for want of processes or memory
│   └── OutOfSpace      ... for want of room on the disk
└── StillRunning        the folder of a living task cannot be removed
"""

import errno
import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from local import process_tree
from local.memory_limit import MemoryGroup, find_group
from local.nursery import Nursery, NurseryLost
from local.run_folder_output import RunOutput
from local.supervisor.entry import BEGUN, FAILED, has_begun
from local.supervisor.files import reserved_name, write_into_reserved, write_whole
from local.supervisor.output import LOST_DIGITS
from local.supervisor.spec import encode

_FULL = (errno.ENOSPC, errno.EDQUOT)
_LIMIT_WIDTH = 32
_PATIENCE_WITH_LEFTOVERS = 10.0  # seconds
_PATIENCE_WITH_THE_DEAD = 0.5
_PATIENCE_WITH_THE_LAST_STEPS = 5.0


class RunFolderError(Exception):
    """A failure of this machine; the message is for the user."""


class CannotSpawn(RunFolderError):
    pass


class OutOfProcesses(CannotSpawn):
    pass


class OutOfSpace(CannotSpawn):
    pass


class StillRunning(RunFolderError):
    pass


_SPAWN_ERRORS: dict[int, type[CannotSpawn]] = {
    errno.EAGAIN: OutOfProcesses,
    errno.ENOMEM: OutOfProcesses,
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


@dataclass(frozen=True)
class NotStarted:
    pass


@dataclass(frozen=True)
class Starting:
    pass


@dataclass(frozen=True)
class Running:
    pid: int
    supervisor_pid: int
    started_at: float
    memory_enforced_by: str | None
    lost_output_bytes: int = 0


@dataclass(frozen=True)
class Exited:
    """exit_code and started_at are None for a task that never started."""

    exit_code: int | None
    signal: int | None
    started_at: float | None
    stopping_at: float | None
    stopped_at: float
    stop_code: str
    reason: str
    out_of_memory: bool
    stopped_by: str | None
    lost_output_bytes: int


@dataclass(frozen=True)
class Vanished:
    """The supervisor was killed and could not say how the task ended; `kill_leftovers` ends what it left."""

    started_at: float | None


State = NotStarted | Starting | Running | Exited | Vanished


class RunFolder:
    """One attempt to run one task; safe to use from several threads and several processes."""

    def __init__(self, path: Path, task_id: str) -> None:
        self.path = path.absolute()
        self.task_id = task_id
        self.output = RunOutput(self.path)

    # Starting and steering

    def start(self, task: TaskToRun, nursery: Nursery) -> bool:
        """Return once the supervisor is in charge: True, or False if this attempt was begun before.

        Raise CannotSpawn when nothing was begun.
        """
        if has_begun(str(self.path)):
            return False
        with _naming_the_failure():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.set_max_seconds(task.max_seconds)
            return self._spawn(task, nursery)

    def request_stop(self, reason: str) -> None:
        """Have the task ended: SIGTERM, and SIGKILL after its stop timeout. The first reason is kept.

        Asked for before the start, it lets nothing run. Works on a full disk once the task has begun.
        """
        with self._unless_it_is_over():
            self._write_stop(str(self.path / "stop"), reason.encode())
        self._poke()

    def set_max_seconds(self, seconds: float | None) -> None:
        """Set the limit, counted from the start; None is no limit. Works on a full disk once it was set before."""
        text = "none" if seconds is None else repr(float(seconds))
        with self._unless_it_is_over():
            self._write_limit(self.path / "max_seconds", text.ljust(_LIMIT_WIDTH).encode())
        self._poke()

    @contextmanager
    def _unless_it_is_over(self) -> Iterator[None]:
        """A task that has ended meanwhile needs no wish any more, and has removed the room kept for it."""
        try:
            yield
        except OSError:
            if not self.has_exited():
                raise

    def _write_stop(self, wish: str, reason: bytes) -> None:
        if self.has_exited() or Path(wish).exists():
            return
        try:
            write_whole(wish, reason)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            write_into_reserved(wish, reason)

    def _write_limit(self, limit: Path, text: bytes) -> None:
        if self.has_exited():
            return
        try:
            write_whole(str(limit), text)
        except OSError as error:
            if error.errno not in _FULL or not limit.exists():
                raise
            with limit.open("r+b", buffering=0) as file:  # the same width, so that it needs no room
                file.write(text)

    def _spawn(self, task: TaskToRun, nursery: Nursery) -> bool:
        try:
            return _understand(nursery.raise_supervisor(self._specification(task)))
        except NurseryLost as error:
            if has_begun(str(self.path)):
                return True
            raise _ended_at_once(str(error)) from error

    def _specification(self, task: TaskToRun) -> bytes:
        settings = {
            "folder": str(self.path),
            "task_id": self.task_id,
            "command": task.command,
            "workdir": "" if task.workdir is None else str(task.workdir),
            "stop_timeout": repr(task.stop_timeout),
            "server_pipe": str(task.server_pipe),
            "memory_bytes": "" if task.memory_bytes is None else str(task.memory_bytes),
            "memory_by": task.memory_by,
        }
        return encode(settings, {**task.environment, process_tree.TAG: self.task_id})

    def _poke(self) -> None:
        """Have the supervisor look at its files now; unheard, it looks within two seconds."""
        try:
            control = os.open(self.path / "control", os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # not made yet, or nobody there to read
            return
        with suppress(OSError):
            os.write(control, b"!")
        os.close(control)

    # Looking

    def state(self) -> State:
        ended = self._exit()
        if ended is not None:
            return ended
        # In this order: the mark is made under the lock and goes only when exit.json appears.
        is_begun = Path(reserved_name(str(self.path / "exit.json"))).exists()
        is_alive = self.is_alive()
        started = self._json("started.json")
        if is_alive:
            seen = self._running(started) if started else Starting()
            return self._exit() or seen  # what was read may have been removed because the task had ended
        return self._exit() or (Vanished(started.get("started_at")) if is_begun else NotStarted())

    def has_exited(self) -> bool:
        """Tell cheaply whether the end is on record; `state` says more."""
        return (self.path / "exit.json").exists()

    def is_alive(self) -> bool:
        """Tell whether a supervisor holds the lock; the task itself may be over already."""
        try:
            lock = os.open(self.path / "lock", os.O_RDONLY)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def _exit(self) -> Exited | None:
        record = self._json("exit.json")
        return Exited(**_known(Exited, record)) if record else None

    def _running(self, started: dict[str, Any]) -> Running:
        return Running(**_known(Running, started), lost_output_bytes=self._lost())

    def _lost(self) -> int:
        with suppress(OSError, ValueError):
            return int((self.path / "lost").read_bytes()[:LOST_DIGITS])
        return 0

    def _json(self, name: str) -> dict[str, Any]:
        """Return nothing for a file that is not there, or that a power cut has spoilt."""
        try:
            record: dict[str, Any] = json.loads((self.path / name).read_bytes())
        except (OSError, ValueError):
            return {}
        return record

    # Ending

    def kill_leftovers(self) -> int:
        """Kill what a vanished supervisor left of its task, and return how many processes that were."""
        group = self._group()
        killed: set[int] = set()
        patience = time.monotonic() + _PATIENCE_WITH_LEFTOVERS
        while time.monotonic() < patience:
            left = set(process_tree.tagged(self.task_id)) | set(group.members() if group else ())
            if left <= killed:  # the dead count as members until they are reaped, and that is not up to us
                break
            process_tree.send(signal.SIGKILL, sorted(left - killed))
            killed |= left
            time.sleep(0.005)
        self._remove_group(group)
        return len(killed)

    def _remove_group(self, group: MemoryGroup | None) -> None:
        """Whoever reaps the dead may be slow; `remove` tries again."""
        patience = time.monotonic() + _PATIENCE_WITH_THE_DEAD
        while group is not None and not group.remove() and time.monotonic() < patience:
            time.sleep(0.005)

    def remove(self) -> None:
        """Remove all trace of the attempt. Raise StillRunning while the task is not over."""
        patience = time.monotonic() + _PATIENCE_WITH_THE_LAST_STEPS
        while self.is_alive():
            if not self.has_exited() or time.monotonic() > patience:
                raise StillRunning(f"Task {self.task_id} is still running.")
            time.sleep(0.005)
        if isinstance(self.state(), Vanished):
            self.kill_leftovers()
        with suppress(FileNotFoundError):
            try:
                shutil.rmtree(self.path)
            except PermissionError:  # a task may leave folders that even their owner cannot empty
                _allow_to_empty(self.path)
                shutil.rmtree(self.path)

    def _group(self) -> MemoryGroup | None:
        path = self._json("started.json").get("memory_group")
        return MemoryGroup(path) if path else find_group(self.task_id)


def _known(kind: type[Running | Exited], record: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a supervisor of a newer version may have written."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in record.items() if name in names}


def _allow_to_empty(path: Path) -> None:
    path.chmod(0o700)
    for parent, folders, _ in os.walk(path):  # top down: each is opened before it is entered
        for name in folders:
            folder = Path(parent, name)
            if not folder.is_symlink():
                folder.chmod(0o700)


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
    return CannotSpawn(f"The task's supervisor ended at once: {last_line or 'it said nothing'}")
