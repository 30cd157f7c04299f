"""Which folder an attempt at a task runs in."""

import math
import os
from pathlib import Path

from chalicelib.domain import ids
from chalicelib.domain.task import Task
from local.run_folder import RunFolder


class RunFolders:
    """`<state>/runs/<task>-<attempt>`, so that repeating an attempt finds its folder, and a new one gets its own."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def of(self, task: Task) -> RunFolder | None:
        """Return the folder of the newest attempt; None for a task that was never launched."""
        if task.launch is None:
            return None
        return self.named(task.id, task.launch.attempt)

    def named(self, task_id: str, attempt: int) -> RunFolder:
        return RunFolder(self.root / f"{task_id}-{attempt}", task_id)

    def all_of(self, task: Task) -> list[RunFolder]:
        attempts = task.launch.attempt if task.launch else 0
        return [self.named(task.id, attempt) for attempt in range(1, attempts + 1)]

    def named_like(self, task_id: str) -> list[RunFolder]:
        """Return the folders of every attempt at a task that nothing more is known of."""
        return [RunFolder(path, task_id) for path in self.root.iterdir() if _task_of(path.name) == task_id]

    def older_than(self, moment: float) -> set[str]:
        """Return the ids of the tasks whose folders nothing was added to since then (seconds since 1970)."""
        old = [entry.name for entry in os.scandir(self.root) if _modified_at(entry) < moment]
        return {task_id for name in old if (task_id := _task_of(name))}


def _task_of(name: str) -> str | None:
    """Return the id in a folder's name; None for what somebody else has put there."""
    task_id = name.rpartition("-")[0]
    return task_id if ids.PATTERN.fullmatch(task_id) else None


def _modified_at(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:  # removed meanwhile
        return math.inf
