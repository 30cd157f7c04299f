"""The time before a task's own: it may take long, and the task may become unwanted meanwhile."""

import os
from contextlib import suppress

from local.supervisor.exit_record import SUPERVISOR_TERMINATED
from local.supervisor.run_files import SHOWS_LIFE_EVERY, RunFiles
from local.supervisor.server_notifier import ServerNotifier
from local.supervisor.signals import SIGTERM
from local.supervisor.spec import Spec
from local.supervisor.stop_conditions import StopConditions
from local.supervisor.task_clock import machine_time


class Preparing:
    """A Preparation, as drivers know it."""

    def __init__(self, spec: Spec, files: RunFiles, stop_conditions: StopConditions, signals: int) -> None:
        self._files = files
        self._notifier = ServerNotifier(spec.server_pipe, spec.task_id)
        self._stop_conditions = stop_conditions
        self._signals = signals
        self._told_to_end = False
        self._times_told = 0
        self._show_life_at = machine_time() + SHOWS_LIFE_EVERY

    @property
    def why_unwanted(self) -> str:
        return self._stop_conditions.stop_reason or SUPERVISOR_TERMINATED

    def is_unwanted(self) -> bool:
        self._stop_conditions.look()
        with suppress(BlockingIOError):
            self._told_to_end |= SIGTERM in os.read(self._signals, 4096)
        if machine_time() >= self._show_life_at:
            self._files.show_life()
            self._show_life_at = machine_time() + SHOWS_LIFE_EVERY
        return self._told_to_end or self._stop_conditions.stop_reason is not None

    def tell(self, what: str) -> None:
        self._times_told += 1
        self._files.tell(self._times_told, what)
        self._notifier.notify(machine_time())
