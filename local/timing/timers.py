"""Ids, each due at a time."""

import heapq
import math
import threading
import time
from collections.abc import Callable

from local.supervisor.task_clock import machine_time

LONGEST_SLEEP = 30.0  # seconds; the machine may sleep meanwhile, and no wait notices that
CLOCK_STEP = 1.0  # seconds; less than that is no setting of the clock


class Timers:
    """Ids and when each is due (seconds since 1970, as the clock is when that is said: setting it later moves none).

    An id is due once, at the earliest time that was set: to wake early is harmless, to wake late is not.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._offset = machine_time() - clock()
        self._due: dict[str, tuple[float, float]] = {}
        self._heap: list[tuple[float, float, str]] = []
        self._changed = threading.Condition()
        self._is_open = True

    def set(self, task_id: str, due: float) -> None:
        with self._changed:
            moment = (due + self._now_offset(), due)
            if moment >= self._due.get(task_id, (math.inf, math.inf)):
                return
            self._due[task_id] = moment
            heapq.heappush(self._heap, (*moment, task_id))
            self._changed.notify()

    def next(self) -> str | None:
        """Wait for the next id that is due; None once closed."""
        with self._changed:
            while self._is_open:
                self._drop_replaced()
                now = machine_time()
                if self._heap and self._heap[0][0] <= now:
                    *_, task_id = heapq.heappop(self._heap)
                    del self._due[task_id]
                    return task_id
                left = self._heap[0][0] - now if self._heap else LONGEST_SLEEP
                self._changed.wait(min(left, LONGEST_SLEEP))
            return None

    def close(self) -> None:
        with self._changed:
            self._is_open = False
            self._changed.notify_all()

    def _now_offset(self) -> float:
        """Return what leads from the clock's time to the machine's: the same number, unless the clock was set."""
        offset = machine_time() - self._clock()
        if abs(offset - self._offset) > CLOCK_STEP:
            self._offset = offset
        return self._offset

    def _drop_replaced(self) -> None:
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][:2]:
            heapq.heappop(self._heap)
