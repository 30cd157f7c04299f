"""Warnings before a task is stopped at its time limit, which may be moved while somebody works in it."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.errors import CliError
from tapit.session.background_call import BackgroundCall
from tapit.terminal import times

if TYPE_CHECKING:
    from collections.abc import Callable

    from tapit.home.answers import Task

WARNINGS = ((300.0, "in 5 minutes"), (60.0, "in 1 minute"))  # seconds before, in that order
_TOO_LATE = 30.0  # seconds after which a warning says nothing true any more


class TimeLimit:
    """`now` is the time of day here, for that is what a deadline is in."""

    def __init__(self, deadline: str | None, look: Callable[[], Task], now: float) -> None:
        self._look = look
        self._call: BackgroundCall[Task] | None = None
        self._warning = ""
        self._deadline: float | None = None
        self._left: list[tuple[float, str]] = []
        self._set(deadline, now)

    @property
    def due_at(self) -> float | None:
        """When to call `turn`; None while there is nothing to warn of, or the home is being asked."""
        return self._left[0][0] if self._left and self._call is None else None

    def turn(self, now: float, ring: Callable[[], None]) -> str | None:
        """A warning to show now. Before each the home is asked, for the limit may have been moved."""
        if self._call is not None:
            return self._answered(now) if self._call.is_over else None
        if self._left and now >= self._left[0][0]:
            at, what = self._left.pop(0)
            self._warning = what if now - at <= _TOO_LATE else ""
            self._call = BackgroundCall(self._look, ring)
        return None

    def _answered(self, now: float) -> str | None:
        call, self._call = self._call, None
        assert call is not None
        try:
            deadline = call.answer().get("deadline")
        except CliError:  # what is known by now is true enough
            return self._warning or None
        if _moment(deadline) == self._deadline:
            return self._warning or None
        self._set(deadline, now)
        return None

    def _set(self, deadline: str | None, now: float) -> None:
        self._deadline = _moment(deadline)
        self._left = []
        if self._deadline is not None:
            ahead = [(self._deadline - before, what) for before, what in WARNINGS]
            # At the end it is asked once more: whoever was given longer wants the next warnings as well.
            self._left = [each for each in (*ahead, (self._deadline, "")) if each[0] > now - _TOO_LATE]


def _moment(deadline: str | None) -> float | None:
    return None if deadline is None else times.parsed(deadline).timestamp()
