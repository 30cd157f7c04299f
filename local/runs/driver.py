"""What the server asks of a driver: one kind of thing that tasks run as on this machine."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from chalicelib.domain.app import App
from chalicelib.domain.task import Task
from local.runs.run_folder import RunFolder
from local.runs.run_start import TaskToRun


class Driver(Protocol):
    """Limits, output, records of ends and restarts are every driver's, and are not its business."""

    def plan(self, task: Task, app: App) -> dict[str, Any]:
        """Return what a repeated attempt at a launch must find unchanged."""

    def check_app(self, app: App) -> Sequence[str]:
        """Return what an app's owner should know of how its tasks will run."""

    def refuse(self, task: Task, app: App) -> None:
        """Raise Refused for what could never run."""

    def notes(self, task: Task, app: App | None) -> Sequence[str]:
        """Return what its caller should know of how it runs; its app where that is at hand."""

    def not_enforced(self, task: Task) -> Sequence[str]:
        """Return which of its bounds nobody keeps."""

    def task_to_run(self, task: Task, app: App, folder: RunFolder, secrets: Mapping[str, str]) -> TaskToRun:
        """Return what a supervisor is to be told of a task that has its plan. Secrets go into its environment."""

    def forget(self, task: Task) -> None:
        """Remove what a task that is removed may be the last to need."""

    def clean_up(self, is_supervised: Callable[[str], bool]) -> None:
        """Remove what crashes left of runs that nobody supervises any more; they go by the names of their folders."""

    def kill_leftovers(self, folder: RunFolder) -> int:
        """Kill what a vanished supervisor left of its task, and return how many processes that were."""
