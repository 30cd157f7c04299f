"""Time since the task started, which no change of the machine's clock can stretch or shrink."""

import time

# Counts the time a laptop sleeps, as max_hours does; where it is missing, monotonic is the nearest thing.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def machine_time() -> float:
    """Return seconds since some moment that is the same for all processes until the machine goes down."""
    return time.clock_gettime(_CLOCK)


class TaskClock:
    def __init__(self) -> None:
        self.started_at = time.time()
        self.zero = machine_time()

    def elapsed(self) -> float:
        return machine_time() - self.zero

    def now(self) -> float:
        """Seconds since the epoch, consistent with started_at even if the clock was set meanwhile."""
        return self.at(machine_time())

    def at(self, moment: float) -> float:
        """Return the same of a moment of the machine's time."""
        return self.started_at + moment - self.zero
