"""Being in a session, as the home sees it: it hears of us now and then, and tells us when the task is over.

On AWS nobody else does: when a task ends, its agent is gone, and the service keeps the connection and says nothing.
"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.errors import CliError
from tapit.session.background_call import BackgroundCall
from tapit.statuses import is_final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tapit.home.answers import Task
    from tapit.session.session_requests import SessionRequests

LOOK_EVERY = 5.0  # seconds in which nothing was heard from the agent
ATTEND_EVERY = 600.0
GRACE = 1.0  # what the agent said last may come after the home has said that all is over


class Attendance:
    """`heard_at`: when the agent last said anything; later than that nobody is sure that it is still there."""

    def __init__(self, requests: SessionRequests, now: float) -> None:
        self._requests = requests
        self._call: BackgroundCall[Task] | None = None
        self._looked_at = self._attended_at = now
        self._over_since: float | None = None

    def due_at(self, heard_at: float) -> float | None:
        """When to call `is_over`; None while the home is being asked."""
        if self._call is not None:
            return None
        if self._over_since is not None:
            return max(heard_at, self._over_since) + GRACE
        quiet = max(heard_at, self._looked_at) + LOOK_EVERY
        return min(quiet, self._attended_at + ATTEND_EVERY)

    def is_over(self, heard_at: float, now: float, ring: Callable[[], None]) -> bool:
        """Whether the task is, and all that its agent had to say has come."""
        if self._call is not None and self._call.is_over:
            self._take_answer(now)
        due = self.due_at(heard_at)
        if due is None or now < due:
            return False
        if self._over_since is not None:
            return True
        self._ask(now, ring)
        return False

    def _ask(self, now: float, ring: Callable[[], None]) -> None:
        self._looked_at = now
        if now >= self._attended_at + ATTEND_EVERY:
            self._attended_at = now
            self._call = BackgroundCall(self._requests.attend, ring)
        else:
            self._call = BackgroundCall(self._requests.look, ring)

    def _take_answer(self, now: float) -> None:
        call, self._call = self._call, None
        assert call is not None
        self._looked_at = now
        try:
            task = call.answer()
        except CliError:  # a home that cannot be asked says nothing about the task
            return
        if is_final(task):
            self._over_since = now
