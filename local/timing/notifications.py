"""Listens to the supervisors and passes on what became of their tasks, as the events that ECS would send."""

import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from chalicelib.domain.errors import TapitError, TaskNotFound, Unreadable
from chalicelib.domain.task import Task
from chalicelib.ports import TaskStore
from local.runs import sessions
from local.runs.ecs_tasks import FOLDER_REMOVED, ecs_task, state_change_event
from local.runs.run_folder import Exited, NotStarted, RunFolder, Running, Starting, State, Vanished
from local.runs.run_folders import RunFolders
from local.timing.background import survive
from local.timing.supervisor_watch import SupervisorWatch

logger = logging.getLogger(__name__)
_LARGEST_READ = 65536


class Notifications:
    """A FIFO into which a supervisor writes its task's id when there is news: a start, an end, or output.

    The news itself is in the task's folder; a notice that nobody reads loses nothing, for the sweep looks too.
    """

    def __init__(
        self,
        path: Path,
        tasks: TaskStore,
        folders: RunFolders,
        kill_leftovers: Callable[[RunFolder], int],
        tell: Callable[[str], None],
        handle: Callable[[dict[str, Any]], None],
        look_again: Callable[[str], None],
    ) -> None:
        self._path = path
        self._tasks = tasks
        self._folders = folders
        self._kill_leftovers = kill_leftovers
        self._tell = tell
        self._handle = handle
        self._look_again = look_again
        self.watch = SupervisorWatch(self.notify)
        self._fifo = _open_fifo(path)
        self._closing = False
        self._listener = threading.Thread(target=self._listen, name="notifications", daemon=True)

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

    def notify(self, task_id: str) -> None:
        """Have a task looked at, as if its supervisor had sent a notice."""
        os.write(self._fifo, f"{task_id}\n".encode())

    def _answer(self, task_id: str) -> None:
        self._tell(task_id)  # whatever it is, whoever follows the output wants to look
        try:
            self._report(task_id)
        except TaskNotFound:  # removed meanwhile
            self.watch.forget_unknown(task_id)
        except Unreadable:  # of no use to this version
            self.watch.forget(task_id)
        except TapitError as error:
            logger.warning("News of task %s is looked at again: %s", task_id, error)
            self._look_again(task_id)

    def _report(self, task_id: str) -> None:
        known = self.watch.running(task_id)
        if known is not None and known.is_alive() and not known.has_exited():
            return  # only more output
        task = self._tasks.get(task_id)
        if task.is_final:
            self.watch.forget(task_id)
        folder = self._folders.of(task)
        state = self._state(task, folder) if folder else None
        is_news = isinstance(state, Running | Exited | Vanished) or (
            isinstance(state, Starting) and state.told > 0
        )
        if folder is None or not is_news:
            return
        assert state is not None
        if isinstance(state, Vanished):
            self._kill_leftovers(folder)
        described = ecs_task(task, state, sessions.command_exit_code(folder, task))
        self._handle(state_change_event(described))
        if isinstance(state, Running):
            self.watch.runs(task_id, folder)
        elif not isinstance(state, Starting):
            self.watch.forget(task_id)

    def _state(self, task: Task, folder: RunFolder) -> State:
        """Of a task that was started and has no folder any more, nothing else will ever be heard."""
        state = folder.state()
        if not isinstance(state, NotStarted) or task.launch is None or task.launch.accepted_at is None:
            return state
        stop_timeout = float(task.launch.plan.get("stop_timeout", 0))
        if not self.watch.is_over_without_folder(task.id, folder, stop_timeout):
            return state
        stop_reason = FOLDER_REMOVED if task.stop_cause is not None else None
        return Vanished(None, time.time(), stop_reason, folder_removed=True)


def _open_fifo(path: Path) -> int:
    if not path.is_fifo():
        path.unlink(missing_ok=True)
        os.mkfifo(path, 0o600)
    # Open for writing as well, or reading would end whenever the last supervisor closes its end.
    return os.open(path, os.O_RDWR)
