"""What is asked of the home about a session while somebody is in it."""

from __future__ import annotations

import threading

from tapit import TYPE_CHECKING

if TYPE_CHECKING:
    from tapit.home.answers import Channel, Task
    from tapit.home.client import Client

LOOK_WITHIN = 5.0  # seconds: the next look comes soon, and what matters more may wait for this one


class SessionRequests:
    """They are made in threads. The report of the end has a connection of its own, so that it waits for no other."""

    def __init__(self, client: Client, task_path: str, session_path: str) -> None:
        self._reporting = client
        self._asking = client.another()
        self._one_at_a_time = threading.Lock()
        self._task_path = task_path
        self._session_path = session_path
        self.task_at_end: Task | None = None  # as it was when the end was reported

    @property
    def home_is_here(self) -> bool:
        return self._reporting.home_is_here

    def report_end(self, exit_code: int | None) -> None:
        """Without an exit code: somebody left before the command ended."""
        told: dict[str, object] = {"exit_code": exit_code}
        self.task_at_end = self._reporting.send("POST", f"{self._session_path}/end", told, repeatable=True)

    def resume(self) -> Channel:
        with self._one_at_a_time:
            channel: Channel = self._asking.send("POST", f"{self._session_path}/resume", repeatable=True)
            return channel

    def look(self) -> Task:
        with self._one_at_a_time:
            task: Task = self._asking.get(self._task_path, timeout=LOOK_WITHIN, attempts=1)
            return task

    def attend(self) -> Task:
        """Look, and let the home know that somebody is still in the session."""
        with self._one_at_a_time:
            task: Task = self._asking.send("POST", f"{self._session_path}/attend")
            return task
