"""Warns a person that the task's time is nearly up."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from tapit.errors import CliError

WARNINGS = ((300.0, "5 minutes"), (60.0, "1 minute"))  # seconds before the end


class TimeLimit:
    """`due_at` (seconds that never jump) is when to call `warning`; None when there is nothing to warn of."""

    def __init__(self, deadline: str | None, ask_again: Callable[[], str | None]) -> None:
        self._ask_again = ask_again
        self._said: set[str] = set()
        self._deadline = deadline
        self.due_at = self._next()

    def warning(self) -> str | None:
        """Return what to say now, if the limit is still the same: it may have been extended meanwhile."""
        with suppress(CliError):  # then the limit known is the best there is
            self._deadline = self._ask_again()
        left = self._left()
        due = [(ahead, words) for ahead, words in WARNINGS if left is not None and left <= ahead + 1]
        news = [words for _, words in due if words not in self._said]
        self._said = {words for _, words in due}
        self.due_at = self._next()
        return f"tapit: this task is stopped in {news[-1]} (max_hours)" if news else None

    def _next(self) -> float | None:
        left = self._left()
        if left is None:
            return None
        ahead = [before for before, words in WARNINGS if words not in self._said and left > before - 50]
        return time.monotonic() + max(0.0, left - max(ahead)) if ahead else None

    def _left(self) -> float | None:
        if self._deadline is None:
            return None
        return datetime.fromisoformat(self._deadline).timestamp() - time.time()
