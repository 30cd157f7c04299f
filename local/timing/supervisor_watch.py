"""Looks after supervisors that cannot do so themselves: those that were killed, and those that stand still."""

import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from chalicelib.domain.errors import TaskNotFound, Unreadable
from chalicelib.ports import TaskStore
from local.runs.run_folder import RunFolder
from local.runs.run_requests import request_stop
from local.supervisor.stop_conditions import StopConditions
from local.timing.background import survive

logger = logging.getLogger(__name__)
LATE = 1.0  # seconds; a supervisor keeps a limit to some milliseconds
_UNKNOWN_TIMEOUT = 600.0  # more than any app may have
NOTICES_WITHIN = 4.0  # seconds, in which a supervisor sees for sure that its folder is gone
PATIENCE = 60.0  # with one that is to end, after its stop timeout; it takes no more than half of it


class SupervisorWatch:
    """Knows every task that is about to run, or does."""

    def __init__(self, notify: Callable[[str], None], patience: float = PATIENCE) -> None:
        self._notify = notify
        self._patience = patience
        self._expected: dict[str, RunFolder] = {}  # of the tasks that were not reported to run yet
        self._running: dict[str, RunFolder] = {}  # of those that were, until they end
        self._stopping_since: dict[str, float] = {}
        self._folder_missed_since: dict[str, float] = {}

    def expect(self, task_id: str, folder: RunFolder) -> None:
        """Watch over a task that is about to start: its supervisor may be killed before it can notify us at all."""
        self._expected[task_id] = folder

    def runs(self, task_id: str, folder: RunFolder) -> None:
        self._running[task_id] = folder
        self._expected.pop(task_id, None)
        self._folder_missed_since.pop(task_id, None)

    def running(self, task_id: str) -> RunFolder | None:
        return self._running.get(task_id)

    def forget(self, task_id: str) -> None:
        self._expected.pop(task_id, None)
        self._running.pop(task_id, None)
        self._stopping_since.pop(task_id, None)
        self._folder_missed_since.pop(task_id, None)

    def is_over_without_folder(self, task_id: str, folder: RunFolder, stop_timeout: float) -> bool:
        """Say whether its supervisor, which ends a task whose folder was removed, must have done so by now."""
        self._running[task_id] = folder
        since = self._folder_missed_since.setdefault(task_id, time.monotonic())
        return time.monotonic() - since > stop_timeout + NOTICES_WITHIN

    def forget_unknown(self, task_id: str) -> None:
        """Forget a task without a record once it is over, and have it ended until then."""
        folder = self._running.get(task_id)
        if folder is not None and folder.is_alive():
            _stop_stray(task_id, folder)
        else:
            self.forget(task_id)

    def look(self) -> None:
        """Notify of each that is gone, and do for one that stands still what it should have done."""
        for task_id, folder in [*self._expected.copy().items(), *self._running.copy().items()]:
            if folder.is_alive():
                survive(partial(self._insist, task_id, folder))
            else:
                self._notify(task_id)

    def stop_strays(self, tasks: TaskStore) -> None:
        """Have every task ended whose record is gone: nobody could see or steer it."""
        for task_id, folder in self._running.copy().items():
            try:
                tasks.get(task_id)
            except TaskNotFound:
                survive(partial(_stop_stray, task_id, folder))
            except Unreadable:  # it may be read again by the version that wrote it
                continue

    def _insist(self, task_id: str, folder: RunFolder) -> None:
        wanted = StopConditions(str(folder.path))
        if wanted.stop_reason is None:
            seconds = folder.seconds_run()
            if seconds is not None and seconds > wanted.deadline + LATE:
                request_stop(folder, wanted.overtime_reason)
            return
        since = self._stopping_since.setdefault(task_id, time.monotonic())
        stop_timeout = folder.start_record().get("stop_timeout", _UNKNOWN_TIMEOUT)
        if time.monotonic() - since > stop_timeout + self._patience:
            _kill(folder)


def _stop_stray(task_id: str, folder: RunFolder) -> None:
    request_stop(folder, f"tapit: there is no task {task_id} any more")


def _kill(folder: RunFolder) -> None:
    """What it leaves is killed when it is found dead."""
    supervisor = folder.supervisor_pid()
    if supervisor is not None and not folder.has_exited():
        logger.warning("The supervisor of %s stands still, and is killed", folder.path)
        with suppress(ProcessLookupError, PermissionError):
            os.kill(supervisor, signal.SIGKILL)
