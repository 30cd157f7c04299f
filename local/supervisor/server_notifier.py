"""Tells the server that something of this task is new, without ever waiting for it."""

import os

SHORTEST_PAUSE = 0.02  # seconds between two notices of output; each makes the server look


class ServerNotifier:
    def __init__(self, server_pipe: str, task_id: str) -> None:
        self._pipe = server_pipe
        self._line = f"{task_id}\n".encode()
        self._notified_at = -SHORTEST_PAUSE
        self.due_at: float | None = None

    def notify(self, now: float) -> None:
        """Notify at once; if the server is too far behind to take it, once more after the pause."""
        self._notified_at = now
        self.due_at = None if self._is_answered() else now + SHORTEST_PAUSE

    def notify_soon(self, now: float) -> None:
        """Notify now or after the pause; what comes in between shares that later notice, so none is missed."""
        if self.due_at is None:
            self.due_at = max(now, self._notified_at + SHORTEST_PAUSE)
        self.notify_if_due(now)

    def notify_if_due(self, now: float) -> None:
        if self.due_at is not None and now >= self.due_at:
            self.notify(now)

    def _is_answered(self) -> bool:
        try:
            pipe = os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:  # no server at the moment; it looks for itself when it is back
            return True
        try:
            os.write(pipe, self._line)
        except BlockingIOError:
            return False
        except OSError:  # the server left meanwhile
            return True
        finally:
            os.close(pipe)
        return True
