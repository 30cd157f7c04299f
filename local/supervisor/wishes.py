"""What the server wants of a running task, read from files so that a lost poke loses nothing."""

import math

from local.supervisor.files import read_text

_MARGIN = 0.001  # seconds; a limit is never early, not even by the rounding of a time stamp


class Wishes:
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

    @property
    def deadline(self) -> float:
        """Seconds after the start."""
        return self.max_seconds + _MARGIN

    @property
    def overtime_reason(self) -> str:
        return f"tapit: max_hours={self.max_seconds / 3600:.6g} exceeded"


def _number(text: str, otherwise: float) -> float:
    try:
        number = float(text)
    except ValueError:
        return otherwise
    return otherwise if math.isnan(number) else number
