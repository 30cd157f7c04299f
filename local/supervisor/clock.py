"""Time since the task started, which no change of the machine's clock can stretch or shrink."""

import time

# Counts the time a laptop sleeps, as max_hours does; where it is missing, monotonic is the nearest thing.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock:
    def __init__(self) -> None:
        self.started_at = time.time()
        self._zero = time.clock_gettime(_CLOCK)

    def elapsed(self) -> float:
        return time.clock_gettime(_CLOCK) - self._zero

    def now(self) -> float:
        """Seconds since the epoch, consistent with started_at even if the clock was set meanwhile."""
        return self.started_at + self.elapsed()
