"""After the command's end: the home is told, then the other end is let go."""

from collections.abc import Callable

from tapit.errors import CliError
from tapit.session.background_call import BackgroundCall

PATIENCE = 3.0  # seconds for the other end to hang up
PATIENCE_WHEN_HEARD = 0.5  # ... once it has our answer


class Farewell:
    """The order matters: a task must not look abandoned when its command has ended well."""

    def __init__(self, exit_code: int, report: Callable[[int], None], ring: Callable[[], None]) -> None:
        self.exit_code = exit_code
        self.failure: CliError | None = None
        self.due_at: float | None = None  # when to stop waiting; None while the home is being told
        self._call = BackgroundCall(lambda: report(exit_code), ring)

    def home_was_told(self, now: float) -> bool:
        """True once: it is time to answer the other end."""
        if self.due_at is not None or not self._call.is_over:
            return False
        self.due_at = now + PATIENCE
        try:
            self._call.answer()
        except CliError as failure:
            self.failure = failure
        return True

    def was_heard(self, now: float) -> None:
        if self.due_at is not None:
            self.due_at = min(self.due_at, now + PATIENCE_WHEN_HEARD)
