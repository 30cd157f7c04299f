"""When a task is to be stopped: what the server wants of it, read from files so that a lost poke loses nothing."""

import math
import os

from chalicelib.domain.lengths import hours_as_typed
from local.supervisor.atomic_files import read_text

FOLDER_IS_GONE = "tapit: the folder of its run was removed"
_MARGIN = 0.001  # seconds; a limit is never early, not even by the rounding of a time stamp


class StopConditions:
    """The time limit and the request to stop, as of the last look."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.max_seconds = math.inf
        self.stop_reason: str | None = None
        self.look()

    def look(self) -> None:
        """An unreadable limit changes nothing: the one known so far goes on."""
        text = (read_text(f"{self._folder}/max_seconds") or "").strip()
        if text == "none":
            self.max_seconds = math.inf
        elif text:
            self.max_seconds = _number(text, self.max_seconds)
        if self.stop_reason is None:
            self.stop_reason = read_text(f"{self._folder}/stop")
        if self.stop_reason is None and _is_gone(f"{self._folder}/lock"):
            self.stop_reason = FOLDER_IS_GONE  # nobody can steer the task any more, or see what becomes of it

    @property
    def deadline(self) -> float:
        """Seconds after the start."""
        return self.max_seconds + _MARGIN

    @property
    def overtime_reason(self) -> str:
        return f"tapit: max_hours={hours_as_typed(self.max_seconds / 3600)} exceeded"


def _is_gone(path: str) -> bool:
    try:
        os.stat(path)
    except FileNotFoundError:
        return True
    except OSError:  # a disk that does not answer may do so again
        return False
    return False


def _number(text: str, otherwise: float) -> float:
    try:
        number = float(text)
    except ValueError:
        return otherwise
    return otherwise if math.isnan(number) else number
