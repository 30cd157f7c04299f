"""What a run leaves on the disk, and how it is read: its state, its output; and its removal."""

import fcntl
import json
import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from local.runs.output_reader import OutputReader
from local.supervisor.atomic_files import read_text, reserved_name
from local.supervisor.output_writer import LOST_DIGITS
from local.supervisor.task_clock import machine_time

_PATIENCE_WITH_THE_LAST_STEPS = 5.0  # seconds


class StillRunning(Exception):
    """The folder of a living task cannot be removed; the message is for the user."""


@dataclass(frozen=True)
class NotStarted:
    pass


@dataclass(frozen=True)
class Starting:
    """`told` counts what it has waited for so far."""

    told: int = 0
    waiting_for: str | None = None


@dataclass(frozen=True)
class Running:
    pid: int
    supervisor_pid: int
    started_at: float
    memory_enforced_by: str | None
    lost_output_bytes: int = 0


@dataclass(frozen=True)
class Exited:
    """exit_code and started_at are None for a task that never started.

    `memory_kills` is how many of its processes the kernel killed for want of memory; None when nobody knows.
    """

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
    memory_kills: int | None = None


@dataclass(frozen=True)
class Vanished:
    """The supervisor was killed and could not say how the task ended; processes of it may be left.

    `seen_at` is when it was alive for sure, half a minute before its end at the most.
    """

    started_at: float | None
    seen_at: float
    stop_reason: str | None = None
    folder_removed: bool = False


State = NotStarted | Starting | Running | Exited | Vanished


class RunFolder:
    """One attempt to run one task; safe to use from several threads and several processes."""

    def __init__(self, path: Path, task_id: str) -> None:
        self.path = path.absolute()
        self.task_id = task_id
        self.output = OutputReader(self.path)

    def state(self) -> State:
        ended = self._exit()
        if ended is not None:
            return ended
        # In this order: the mark is made under the lock and goes only when exit.json appears.
        is_begun = Path(reserved_name(str(self.path / "exit.json"))).exists()
        is_alive = self.is_alive()
        started = self.start_record()
        if is_alive:
            seen = self._running(started) if started else self._starting()
            return self._exit() or seen  # what was read may have been removed because the task had ended
        return self._exit() or (self._vanished(started) if is_begun else NotStarted())

    def has_exited(self) -> bool:
        """Tell cheaply whether the end is on record; `state` says more."""
        return (self.path / "exit.json").exists()

    def start_record(self) -> dict[str, Any]:
        """Return what was written at the start, the driver's own facts with it; nothing before, and after the end."""
        return self._json("started.json")

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

    def supervisor_pid(self) -> int | None:
        """Return the supervisor that is alive, if one is and has said who it is."""
        pid = (read_text(str(self.path / "lock")) or "").strip()
        return int(pid) if pid.isdigit() and self.is_alive() else None

    def seconds_run(self) -> float | None:
        """Return how long the task has run by a clock that nobody can set; None when that is not known."""
        began = self.start_record().get("machine_time")
        return machine_time() - began if began is not None and self.is_alive() else None

    def stop_reason(self) -> str | None:
        """Return why the task was asked to end, if it was and has not ended yet."""
        return read_text(str(self.path / "stop"))

    def modified_at(self) -> float:
        """Return when a file was last added to the folder or removed from it (seconds since 1970); 0 if it is gone."""
        return _modified_at(self.path)

    def _exit(self) -> Exited | None:
        record = self._json("exit.json")
        return Exited(**_known(Exited, record)) if record else None

    def _starting(self) -> Starting:
        told, _, what = (read_text(str(self.path / "waiting_for")) or "").partition(" ")
        return Starting(int(told), what) if told.isdigit() else Starting()

    def _running(self, started: dict[str, Any]) -> Running:
        return Running(**_known(Running, started), lost_output_bytes=self._lost())

    def _vanished(self, started: dict[str, Any]) -> Vanished:
        signs = (self.path / name for name in ("lock", "output", "started.json"))
        seen_at = max(map(_modified_at, signs))
        return Vanished(started.get("started_at"), seen_at, self.stop_reason())

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

    def wait_for_last_steps(self) -> None:
        """Return once the supervisor is gone. Raise StillRunning while the task is not over."""
        patience = time.monotonic() + _PATIENCE_WITH_THE_LAST_STEPS
        while self.is_alive():
            if not self.has_exited() or time.monotonic() > patience:
                raise StillRunning(f"Task {self.task_id} is still running.")
            time.sleep(0.005)

    def remove(self) -> None:
        """Remove all trace of the attempt. Raise StillRunning while the task is not over."""
        self.wait_for_last_steps()
        with suppress(FileNotFoundError):
            try:
                shutil.rmtree(self.path)
            except PermissionError:  # a task may leave folders that even their owner cannot empty
                _allow_to_empty(self.path)
                shutil.rmtree(self.path)


def _known(kind: type[Running | Exited], record: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a supervisor of a newer version may have written."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in record.items() if name in names}


def _modified_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _allow_to_empty(path: Path) -> None:
    path.chmod(0o700)
    for parent, folders, _ in os.walk(path):  # top down: each is opened before it is entered
        for name in folders:
            folder = Path(parent, name)
            if not folder.is_symlink():
                folder.chmod(0o700)
