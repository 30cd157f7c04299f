"""Wakes every task when it is due: to launch it, then to check its time, until it is over.

The timers live in memory, for each follows from its task's record: at the start of the server every unfinished
task gets a timer anew, so none is ever lost.
"""

import heapq
import logging
import math
import random
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Protocol

from chalicelib.domain.errors import LaunchError, TapitError, TaskNotFound
from chalicelib.domain.task import Task
from chalicelib.domain.time_limit import next_wake
from chalicelib.ports import Services
from chalicelib.usecases.check_deadline import check_deadline
from chalicelib.usecases.launch import launch_task
from local.background import survive
from local.launch_turns import LaunchTurns

logger = logging.getLogger(__name__)
WORKERS = 4
FIRST_RETRY = 0.5  # seconds; doubled with every try, with jitter
LONGEST_RETRY = 60.0
LONGEST_SLEEP = 30.0  # so that a changed clock is noticed


class LimitKeeper(Protocol):
    def keep_limit(self, task: Task) -> None:
        """Take over a task's time limit."""


class Timers:
    """Ids and when each is due (seconds since 1970).

    An id is due once, at the earliest time that was set: to wake early is harmless, to wake late is not.
    """

    def __init__(self) -> None:
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self._changed = threading.Condition()
        self._is_open = True

    def set(self, task_id: str, due: float) -> None:
        with self._changed:
            if due >= self._due.get(task_id, math.inf):
                return
            self._due[task_id] = due
            heapq.heappush(self._heap, (due, task_id))
            self._changed.notify()

    def next(self) -> str | None:
        """Wait for the next id that is due; None once closed."""
        with self._changed:
            while self._is_open:
                self._drop_replaced()
                now = time.time()
                if self._heap and self._heap[0][0] <= now:
                    _, task_id = heapq.heappop(self._heap)
                    del self._due[task_id]
                    return task_id
                left = self._heap[0][0] - now if self._heap else LONGEST_SLEEP
                self._changed.wait(min(left, LONGEST_SLEEP))
            return None

    def close(self) -> None:
        with self._changed:
            self._is_open = False
            self._changed.notify_all()

    def _drop_replaced(self) -> None:
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)


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
        except TaskNotFound:
            due = None
        except LaunchError as refusal:
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
            return check_deadline(home, task_id)
        was_begun, launched_with = task.launch is not None, task.max_hours
        with self._turns.turn():
            task = launch_task(home, task_id)
        if task.max_hours != launched_with:  # it was extended while it started
            self._keep_limit(task_id)
        if was_begun:  # by a server before us: its news may have come while nobody listened
            return check_deadline(home, task_id)
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
