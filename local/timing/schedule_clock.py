"""Fires schedules when their time comes, to the second, and sleeps in between."""

import math
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from chalicelib.ports import Services
from chalicelib.usecases.fire_due import PAGE, Firer
from local.timing.background import survive

SOME_DAY = datetime.max.replace(tzinfo=UTC)
LONGEST_SLEEP = 1.0  # seconds; the clock may be set, or the machine sleep, and no wait notices that
PAUSE_AFTER_TROUBLE = 5.0
SLICE = 60.0  # of firing, before it is told what could not be fired


class ScheduleClock:
    """One thread. It is told when another schedule may be due first; without any it does not wake at all."""

    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services
        self._changed = threading.Event()
        self._closing = threading.Event()
        self._firer = Firer(SLICE, is_to_stop=self._closing.is_set)
        self._is_in_trouble = self._has_slept = False
        self._thread = threading.Thread(target=self._run, name="schedules", daemon=True)

    def wake(self) -> None:
        self._changed.set()

    def open(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._changed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._is_in_trouble, self._has_slept = True, False
            survive(self._fire)
            survive(self._sleep)
            if not self._has_slept:
                self._closing.wait(PAUSE_AFTER_TROUBLE)

    def _fire(self) -> None:
        self._firer.run(self._services())
        self._is_in_trouble = False

    def _sleep(self) -> None:
        """Until the first one is due, or another one may be; or until what could not be fired is tried again."""
        self._changed.clear()
        home = self._services()
        ends_at = home.clock.monotonic() + (PAUSE_AFTER_TROUBLE if self._is_in_trouble else math.inf)
        due_at = self._first_due(home)
        self._has_slept = True
        while (
            not self._changed.is_set() and not self._closing.is_set()
        ):  # which may be from before it was cleared
            left = min(
                math.inf if due_at is None else (due_at - home.clock.now()).total_seconds(),
                ends_at - home.clock.monotonic(),
            )
            if left <= 0:
                return
            self._changed.wait(None if left == math.inf else min(left, LONGEST_SLEEP))

    def _first_due(self, home: Services) -> datetime | None:
        """Leave out those that are due already and could not be fired: they are not what to wake for."""
        after = None
        if self._is_in_trouble:
            left_over = home.schedules.due(home.clock.now(), PAGE).items
            after = left_over[-1] if left_over else None
        first = home.schedules.due(SOME_DAY, 1, after).items
        return first[0].due_at if first else None
