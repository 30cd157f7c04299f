"""Which folder an attempt at a task runs in."""

from pathlib import Path

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

    def task_ids(self) -> set[str]:
        """Return the ids of the tasks that there are folders of."""
        return {path.name.rpartition("-")[0] for path in self.root.iterdir()}
