"""Stay with a task until it has ended: its lines as they come, its statuses as they change."""

import time
from collections.abc import Callable

from tapit.client import Client, segment
from tapit.errors import CliError, HomeFailed, Unreachable, WaitTimedOut
from tapit.live import News
from tapit.tasks import FINAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONG_POLL = 20
GRACE = 10.0  # what the network may add to a long poll
LEAST_TIMEOUT = 0.05  # none at all would mean a socket that never waits
PATIENCE = 120.0  # a home that is restarted comes back within this
FIRST_IDLE, LONGEST_IDLE = 0.01, 1.0
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.3, 3.0, 1.3


class Watch:
    """One task, watched over a connection that may break for a while."""

    def __init__(self, client: Client, task_id: str, news: News, *, timeout: float | None = None) -> None:
        self._client = client
        self._task_id = task_id
        self._news = news
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._timeout = timeout
        self._pause = FIRST_PAUSE
        self._idle = FIRST_IDLE
        self._printed_early = False
        self.status = ""
        self.cursor: str | None = None

    def stream(self, revision: int, show: "Callable[[list[dict[str, Any]]], None]") -> None:
        """Hand on every line, and return when no more can follow."""
        while True:
            page = self._poll("/logs", {"cursor": self.cursor}, revision)
            fresh = bool(page["items"]) or page["revision"] > revision
            self.cursor, revision = page["next"], page["revision"]
            self._note(self._status_of(page), page.get("waiting_for") or "")
            if page["items"]:
                show(page["items"])
            if page["complete"] and page["status"] in FINAL:
                return
            self._rest(page.get("poll_after") or 0, fresh=fresh)

    def _status_of(self, page: "dict[str, Any]") -> str:
        """A task that has printed runs, even where the platform has not said so yet."""
        is_early = page["status"] in ("PENDING", "STARTING")
        self._printed_early = is_early and (self._printed_early or bool(page["items"]))
        return "RUNNING" if self._printed_early else str(page["status"])

    def until_final(self, task: "dict[str, Any]") -> "dict[str, Any]":
        """The task as it ended."""
        return self._until(FINAL, task)

    def until_running(self, task: "dict[str, Any]") -> "dict[str, Any]":
        """The task once it has started, or has ended without that."""
        return self._until(("RUNNING", "STOPPING", *FINAL), task)

    def _until(self, statuses: tuple[str, ...], task: "dict[str, Any]") -> "dict[str, Any]":
        while task["status"] not in statuses:
            before = task["revision"]
            task = self._poll("", {}, before)
            self._note(task["status"], task.get("waiting_for") or "")
            if task["status"] not in statuses:
                self._rest(task.get("poll_after") or 0, fresh=task["revision"] > before)
        return task

    def _poll(self, part: str, query: "dict[str, Any]", revision: int) -> "dict[str, Any]":
        """Ask once; when no sense comes back, ask again for as long as a restart may take."""
        lost_at: float | None = None
        while True:
            wait = self._wait()
            try:
                answer = self._client.get(
                    f"/tasks/{segment(self._task_id)}{part}",
                    {**query, "wait": wait, "revision": revision},
                    timeout=self._within_limit(wait + GRACE),
                    attempts=1,
                )
            except (Unreachable, HomeFailed) as error:
                lost_at = lost_at or time.monotonic()
                self._bear(error, lost_at)
            else:
                self._pause = FIRST_PAUSE
                return answer

    def _bear(self, error: CliError, lost_at: float) -> None:
        if not self._client.had_contact:
            raise error
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise self._timed_out() from error
        if time.monotonic() - lost_at > PATIENCE:
            raise Unreachable(
                f"lost the home while waiting; task {self._task_id} may go on",
                f"{error.what}.\n{error.why or ''}".strip(),
                f"{error.then or ''}\ntapit wait task={self._task_id}".strip(),
            ) from error
        self._news.lost(error.what)
        self._sleep(self._next_pause())

    def _wait(self) -> int:
        """How long the home may take to answer: whole seconds, and none of them past the time limit."""
        self._news.beat()
        if self._deadline is None:
            return LONG_POLL
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._timed_out()
        return min(LONG_POLL, int(left))

    def _within_limit(self, seconds: float) -> float:
        if self._deadline is None:
            return seconds
        return max(min(seconds, self._deadline - time.monotonic()), LEAST_TIMEOUT)

    def _timed_out(self) -> CliError:
        from tapit import times

        status = f" ({self.status})" if self.status else ""
        return WaitTimedOut(
            f"task {self._task_id} has not ended within {times.brief(self._timeout or 0)}{status}",
            "It goes on.",
            f"wait again: tapit wait task={self._task_id}\n"
            f"see its output: tapit logs -f task={self._task_id}\n"
            f"stop it: tapit delete task task={self._task_id}",
        )

    def _note(self, status: str, detail: str = "") -> None:
        self.status = status
        self._news.status(status, detail)

    def _rest(self, poll_after: float, *, fresh: bool) -> None:
        """The home says when to ask again; one that answers at once without any news is asked less and less."""
        self._idle = FIRST_IDLE if fresh else min(self._idle * GROWTH, LONGEST_IDLE)
        self._sleep(poll_after or (0 if fresh else self._idle))

    def _next_pause(self) -> float:
        pause, self._pause = self._pause, min(self._pause * GROWTH, LONGEST_PAUSE)
        return pause

    def _sleep(self, seconds: float) -> None:
        if self._deadline is not None:
            seconds = min(seconds, max(self._deadline - time.monotonic(), 0))
        time.sleep(max(seconds, 0))
