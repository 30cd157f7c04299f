"""One launch at a time, and none while tasks are created in quick succession: to be accepted comes first.

Launches compete with requests for the processors. Side by side they end no sooner, but what is asked meanwhile waits
several times as long.
"""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

QUICK = 0.02  # seconds between two creates; a launch that got in between slows them down, and is no end of the burst
LONGEST_BURST = 1.0  # seconds; creates that go on and on share the machine with the launches after that


class LaunchTurns:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._created_at = -math.inf
        self._burst_ends_at = -math.inf
        self._quiet_at = -math.inf

    def note_create(self) -> None:
        """A single create holds nothing up; each that follows another quickly does."""
        now = time.monotonic()
        if now - self._created_at < QUICK:
            self._quiet_at = min(now + QUICK, self._burst_ends_at)
        else:
            self._burst_ends_at = now + LONGEST_BURST
        self._created_at = now

    @contextmanager
    def turn(self) -> Iterator[None]:
        with self._lock:
            while (left := self._quiet_at - time.monotonic()) > 0:
                time.sleep(left)
            yield
