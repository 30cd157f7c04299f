"""Wakes every task when it is due: to launch it, then to check its time, until it is over.

The timers live in memory, for each follows from its task's record: at the start of the server every unfinished
task gets a timer anew, so none is ever lost.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Protocol

from chalicelib.domain.errors import NotDone, TapitError, TaskNotFound, Unreadable
from chalicelib.domain.task import Task
from chalicelib.domain.time_limit import LOOK_AGAIN, next_wake, overdue
from chalicelib.ports import Services
from chalicelib.usecases.check_deadline import check_deadline
from chalicelib.usecases.launch import launch_task
from local.timing.background import survive
from local.timing.launch_turns import LaunchTurns
from local.timing.timers import Timers

logger = logging.getLogger(__name__)
WORKERS = 4
FIRST_RETRY = 0.5  # seconds; doubled with every try, with jitter
LONGEST_RETRY = 60.0


class LimitKeeper(Protocol):
    def keep_limit(self, task: Task) -> None:
        """Take over a task's time limit."""


class LocalLifecycle:
    """Launches and checks tasks on a few threads of its own."""

    def __init__(self, limits: LimitKeeper, services: Callable[[], Services]) -> None:
        self._limits = limits
        self._services = services
        self._timers = Timers()
        self._turns = LaunchTurns()
        self._limit_lock = threading.Lock()
        self._tries: dict[str, int] = {}
        self._workers = [
            threading.Thread(target=self._work, name=f"lifecycle-{number}", daemon=True)
            for number in range(WORKERS)
        ]

    def begin(self, task: Task) -> None:
        self._turns.note_create()
        self._timers.set(task.id, 0)

    def launch_again(self, task: Task) -> None:
        self._timers.set(task.id, 0)

    def look_again(self, task_id: str) -> None:
        """Look at a task soon, because news of it could not be written down."""
        self._timers.set(task_id, time.time() + FIRST_RETRY)

    def limit_changed(self, task: Task) -> None:
        self._keep_limit(task.id)
        self._timers.set(task.id, next_wake(task, self._services().clock.now()).timestamp())

    def open(self) -> None:
        for worker in self._workers:
            worker.start()

    def close(self) -> None:
        self._timers.close()
        for worker in self._workers:
            worker.join()

    def _work(self) -> None:
        while (task_id := self._timers.next()) is not None:
            survive(partial(self._wake, task_id))

    def _wake(self, task_id: str) -> None:
        try:
            due = self._step(task_id)
        except (TaskNotFound, Unreadable):  # no later look by this server reads the record
            due = None
        except NotDone as refusal:
            self._try_again(task_id, refusal)
            return
        except TapitError as error:
            logger.warning("Task %s is looked at again later: %s", task_id, error)
            self._try_again(task_id, error)
            return
        self._tries.pop(task_id, None)
        if due is not None:
            self._timers.set(task_id, due.timestamp())

    def _step(self, task_id: str) -> datetime | None:
        home = self._services()
        task = home.tasks.get(task_id)
        if task.is_final:
            return None
        if task.launch is not None and task.launch.accepted_at is not None:
            self._keep_limit(task_id)  # whoever changed it last may have ended before handing it over
            return _check(home, task)
        was_begun, launched_with = task.launch is not None, task.max_hours
        with self._turns.turn():
            task = launch_task(home, task_id)
        if task.max_hours != launched_with:  # it was extended while it started
            self._keep_limit(task_id)
        if was_begun:  # by a server before us: its news may have come while nobody listened
            return _check(home, task)
        return None if task.is_final else next_wake(task, home.clock.now())

    def _keep_limit(self, task_id: str) -> None:
        """Hand over the limit that is on record now, one at a time, so that an older one never comes last."""
        with self._limit_lock:
            self._limits.keep_limit(self._services().tasks.get(task_id))

    def _try_again(self, task_id: str, why: TapitError) -> None:
        tries = self._tries[task_id] = self._tries.get(task_id, 0) + 1
        pause = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(tries, 10)) * random.uniform(0.5, 1)  # noqa: S311 - jitter
        logger.info("Task %s is tried again in %.1f s: %s", task_id, pause, why)
        self._timers.set(task_id, time.time() + pause)


def _check(home: Services, task: Task) -> datetime | None:
    """Where only the clock says that a task's time is up, it runs on: no need to look every second."""
    now = home.clock.now()
    due = check_deadline(home, task.id)
    return max(due, now + LOOK_AGAIN) if due is not None and overdue(task, now) else due
