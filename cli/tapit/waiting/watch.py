"""Stay with a task until its status is the one waited for, over a connection that may break for a while."""

from __future__ import annotations

import time
from collections.abc import Callable

from tapit import TYPE_CHECKING
from tapit.display.live_line import News
from tapit.display.task_words import waiting
from tapit.errors import CliError, HomeFailed, Unreachable, WaitTimedOut
from tapit.home.client import Client, segment
from tapit.statuses import FINAL

if TYPE_CHECKING:
    from typing import Any

    from tapit.home.answers import Task

LONG_POLL = 20
GRACE = 10.0  # what the network may add to a long poll
LEAST_TIMEOUT = 0.05  # none at all would mean a socket that never waits
PATIENCE = 120.0  # a home that is restarted comes back within this
FIRST_IDLE, LONGEST_IDLE = 0.01, 1.0
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.3, 3.0, 1.3


class Watch:
    """One task, asked about again and again; what is found is told as news."""

    def __init__(
        self,
        client: Client,
        task_id: str,
        news: News,
        *,
        timeout: float | None = None,
        began: float | None = None,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._task_id = task_id
        self._news = news
        # `began`: the limit may be for more than this one task
        self._deadline = None if timeout is None else (now() if began is None else began) + timeout
        self._timeout = timeout
        self.now = now
        self._pause_for = pause
        self._pause = FIRST_PAUSE
        self._idle = FIRST_IDLE
        self.status = ""

    def until_final(self, task: Task) -> Task:
        """The task as it ended."""
        return self._until(FINAL, task)

    def until_running(self, task: Task) -> Task:
        """The task once it has started, or has ended without that."""
        return self._until(("RUNNING", "STOPPING", *FINAL), task)

    def poll(self, part: str, query: dict[str, object], revision: int) -> Any:
        """Ask once; when no sense comes back, ask again for as long as a restart may take."""
        lost_at: float | None = None
        while True:
            try:
                answer = self.ask(part, query, revision)
            except (Unreachable, HomeFailed) as error:
                lost_at = lost_at or self.now()
                self._bear(error, lost_at)
            else:
                self._pause = FIRST_PAUSE
                return answer

    def ask(self, part: str, query: dict[str, object], revision: int, *, as_text: bool = False) -> Any:
        """Ask once; raise Unreachable or HomeFailed when no sense comes back."""
        wait = self._wait()
        return self._client.get(
            f"/tasks/{segment(self._task_id)}{part}",
            {**query, "wait": wait, "revision": revision},
            timeout=self._within_limit(wait + GRACE),
            attempts=1,
            as_text=as_text,
        )

    def note(self, status: str, detail: str = "") -> None:
        self.status = status
        self._news.status(status, detail)

    @property
    def how_to_read(self) -> str:
        """What to type for the output, later."""
        return f"tapit logs task={self._task_id}"

    def note_no_output(self, status: str, why: str) -> None:
        self.status = status
        self._news.no_output(status, why)

    def rest(self, poll_after: float, *, fresh: bool) -> None:
        """The home says when to ask again; one that answers at once without any news is asked less and less."""
        self._idle = FIRST_IDLE if fresh else min(self._idle * GROWTH, LONGEST_IDLE)
        self._sleep(poll_after or (0 if fresh else self._idle))

    def _until(self, statuses: tuple[str, ...], task: Task) -> Task:
        fresh = True
        while task["status"] not in statuses:
            self.rest(task.get("poll_after") or 0, fresh=fresh)
            before = task["revision"]
            task = self.poll("", {}, before)
            fresh = task["revision"] > before
            self.note(task["status"], waiting(task))
        return task

    def _bear(self, error: CliError, lost_at: float) -> None:
        if not self._client.had_contact:
            raise error
        if self._deadline is not None and self.now() >= self._deadline:
            raise self._timed_out() from error
        if self.now() - lost_at > PATIENCE:
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
        left = self._deadline - self.now()
        if left <= 0:
            raise self._timed_out()
        return min(LONG_POLL, int(left))

    def _within_limit(self, seconds: float) -> float:
        if self._deadline is None:
            return seconds
        return max(min(seconds, self._deadline - self.now()), LEAST_TIMEOUT)

    def _timed_out(self) -> CliError:
        from tapit.terminal import times

        status = f" ({self.status})" if self.status else ""
        return WaitTimedOut(
            f"task {self._task_id} has not ended within {times.brief(self._timeout or 0)}{status}",
            "It goes on.",
            f"wait again: tapit wait task={self._task_id}\n"
            f"see its output: tapit logs -f task={self._task_id}\n"
            f"stop it: tapit stop task={self._task_id}",
        )

    def _next_pause(self) -> float:
        pause, self._pause = self._pause, min(self._pause * GROWTH, LONGEST_PAUSE)
        return pause

    def _sleep(self, seconds: float) -> None:
        if self._deadline is not None:
            seconds = min(seconds, max(self._deadline - self.now(), 0))
        self._pause_for(max(seconds, 0))
