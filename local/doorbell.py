"""Listens to the supervisors and passes on what became of their tasks, as the events that ECS would send."""

import logging
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from chalicelib.domain.errors import TapitError, TaskNotFound
from chalicelib.ports import TaskStore
from local.background import survive
from local.ecs_tasks import ecs_task, state_change_event
from local.run_folder import Exited, RunFolder, Running, Vanished
from local.run_folders import RunFolders

logger = logging.getLogger(__name__)
_LARGEST_READ = 65536


class Doorbell:
    """A FIFO into which a supervisor writes its task's id when there is news: a start, an end, or output.

    The news itself is in the task's folder; a ring that nobody hears loses nothing, for the sweep looks too.
    """

    def __init__(
        self,
        path: Path,
        tasks: TaskStore,
        folders: RunFolders,
        tell: Callable[[str], None],
        handle: Callable[[dict[str, Any]], None],
        look_again: Callable[[str], None],
    ) -> None:
        self._path = path
        self._tasks = tasks
        self._folders = folders
        self._tell = tell
        self._handle = handle
        self._look_again = look_again
        self._expected: dict[str, RunFolder] = {}  # of the tasks that were not reported to run yet
        self._running: dict[str, RunFolder] = {}  # of those that were, until they end
        self._fifo = _open_fifo(path)
        self._closing = False
        self._listener = threading.Thread(target=self._listen, name="doorbell", daemon=True)

    def open(self) -> None:
        self._listener.start()

    def close(self) -> None:
        self._closing = True
        os.write(self._fifo, b"\n")
        self._listener.join()
        os.close(self._fifo)

    def _listen(self) -> None:
        rest = b""
        while not self._closing:
            *lines, rest = (rest + os.read(self._fifo, _LARGEST_READ)).split(b"\n")
            for task_id in dict.fromkeys(line.decode("ascii", "replace") for line in lines if line):
                survive(partial(self._answer, task_id))

    def expect(self, task_id: str, folder: RunFolder) -> None:
        """Watch over a task that is about to start: its supervisor may be killed before it can ring at all."""
        self._expected[task_id] = folder

    def ring(self, task_id: str) -> None:
        """Have a task looked at, as if its supervisor had rung."""
        os.write(self._fifo, f"{task_id}\n".encode())

    def ring_for_the_dead(self) -> None:
        """A supervisor that was killed cannot ring; ring for each that is gone."""
        for task_id, folder in [*self._expected.copy().items(), *self._running.copy().items()]:
            if not folder.is_alive():
                self.ring(task_id)

    def _answer(self, task_id: str) -> None:
        self._tell(task_id)  # whatever it is, whoever follows the output wants to look
        try:
            self._report(task_id)
        except TaskNotFound:  # removed meanwhile
            self._forget(task_id)
        except TapitError as error:
            logger.warning("News of task %s is looked at again: %s", task_id, error)
            self._look_again(task_id)

    def _report(self, task_id: str) -> None:
        known = self._running.get(task_id)
        if known is not None and known.is_alive() and not known.has_exited():
            return  # only more output
        task = self._tasks.get(task_id)
        if task.is_final:
            self._forget(task_id)
        folder = self._folders.of(task)
        state = folder.state() if folder else None
        if folder is None or not isinstance(state, Running | Exited | Vanished):
            return
        if isinstance(state, Vanished):
            folder.kill_leftovers()
        self._handle(state_change_event(ecs_task(task, state)))
        self._forget(task_id)
        if isinstance(state, Running):
            self._running[task_id] = folder

    def _forget(self, task_id: str) -> None:
        self._expected.pop(task_id, None)
        self._running.pop(task_id, None)


def _open_fifo(path: Path) -> int:
    if not path.is_fifo():
        path.unlink(missing_ok=True)
        os.mkfifo(path, 0o600)
    # Open for writing as well, or reading would end whenever the last supervisor closes its end.
    return os.open(path, os.O_RDWR)
