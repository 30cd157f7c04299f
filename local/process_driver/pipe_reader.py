"""A later stage of a pipeline while the task is being stopped: it is told after those that it reads from.

Told at once, it could not pass on what they have to say at their end. And it must not take the end of those who were
stopped for the end of their work: `pg_dump | psql` would commit half a database. So its input is kept open until they
have ended well, or it has been told.
"""

import os
from collections.abc import Callable, Iterable

from local.process_driver.process_facts import Family, Process

_AFTER_A_GOOD_END = 1.0  # seconds that it has to end by itself, once its input has
_AFTER_A_BAD_END = 0.2  # ... to pass on what it was given


class PipeReader:
    """`status_of` returns how a process ended, None while it lives or when nobody knows."""

    def __init__(self, pid: int, writers: Iterable[Process], status_of: Callable[[int], int | None]) -> None:
        self._writers = {writer.pid for writer in writers}
        self._status_of = status_of
        self._input = _open_to_write(pid)
        self._due_at: float | None = None

    def look(self, process: Process, family: Family, moment: float) -> None:
        self._writers |= {writer.pid for writer in family.writers(process)}
        if any(family.living(writer) for writer in self._writers):
            self._due_at = None
        elif self._due_at is None:
            self._due_at = moment + self._patience()

    def is_due(self, moment: float) -> bool:
        return self._due_at is not None and moment >= self._due_at

    def release_input(self) -> None:
        if self._input is not None:
            os.close(self._input)
            self._input = None

    def _patience(self) -> float:
        if any(self._status_of(writer) != 0 for writer in self._writers):
            return _AFTER_A_BAD_END
        self.release_input()
        return _AFTER_A_GOOD_END


def _open_to_write(pid: int) -> int | None:
    try:
        return os.open(f"/proc/{pid}/fd/0", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # it has just gone
        return None
