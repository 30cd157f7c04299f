"""Which folder an attempt at a task runs in."""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from chalicelib.domain import ids
from chalicelib.domain.task import Task
from local.runs.run_folder import RunFolder

AT_ONCE = 500


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

    def is_supervised(self, name: str) -> bool:
        """Say whether a run, by the name of its folder, has a supervisor."""
        return RunFolder(self.root / name, name).is_alive()

    def all_of(self, task: Task) -> list[RunFolder]:
        attempts = task.launch.attempt if task.launch else 0
        return [self.named(task.id, attempt) for attempt in range(1, attempts + 1)]

    def orphans(self, known: Callable[[Iterable[str]], set[str]]) -> Iterator[RunFolder]:
        """Yield the folders of tasks that are not known; `known` is asked for some hundreds of them at a time.

        A record is there before its folder is, so a folder that was listed before its record was asked for is one.
        """
        with os.scandir(self.root) as entries:
            names = (entry.name for entry in entries)
            while some := list(islice(names, AT_ONCE)):
                tasks = {name: task_id for name in some if (task_id := _task_of(name))}
                found = known(set(tasks.values()))
                for name, task_id in tasks.items():
                    if task_id not in found:
                        yield RunFolder(self.root / name, task_id)


def _task_of(name: str) -> str | None:
    """Return the id in a folder's name; None for what somebody else has put there."""
    task_id = name.rpartition("-")[0]
    return task_id if ids.PATTERN.fullmatch(task_id) else None
