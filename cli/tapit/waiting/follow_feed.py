"""Follow an app's feed: each change once, over a home that is restarted and connections that break."""

from __future__ import annotations

import time
from collections.abc import Callable

from tapit import TYPE_CHECKING
from tapit.errors import HomeFailed, Unreachable
from tapit.home.client import Client, segment
from tapit.waiting.watch import (
    FIRST_IDLE,
    FIRST_PAUSE,
    GRACE,
    GROWTH,
    LONG_POLL,
    LONGEST_PAUSE,
)

if TYPE_CHECKING:
    from typing import Any

    from tapit.home.answers import PageOfEvents

SLOWEST = 100.0  # times what was said at first
LONGEST_REST = 10.0
REMEMBERED = 10_000  # tasks, and which of their revisions was seen last


class Following:
    """What is told from now on. `tell_trouble` is called with why the home is lost, and with None once it is back."""

    def __init__(
        self,
        client: Client,
        app: str,
        tell_trouble: Callable[[str | None], None],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._path = f"/apps/{segment(app)}/events"
        self._tell_trouble = tell_trouble
        self._pause_for = pause
        self._seen: dict[str, int] = {}
        self._slower = 1.0
        self._cursor = client.get(self._path, {"tail": 0})["next"]

    def next(self) -> list[dict[str, Any]]:
        """Wait for a while; return what is new of tasks, oldest first, if anything is."""
        page = self._page()
        told: list[Any] = page["items"]
        self._cursor = page["next"]
        self._slower = 1.0 if told else min(self._slower * GROWTH, SLOWEST)
        self._rest = page["poll_after"] if told else self._rest_in_quiet(page["poll_after"])
        return [event for event in told if self._is_new(event)]

    def rest(self) -> None:
        """As long as the home said; one that answers at once without any news is asked less and less."""
        self._pause_for(self._rest)

    def _rest_in_quiet(self, poll_after: float) -> float:
        """A watch is left open for hours, and on AWS each look is paid for."""
        return min((poll_after or FIRST_IDLE) * self._slower, LONGEST_REST)

    def _page(self) -> PageOfEvents:
        """Ask until there is an answer: whoever watches may be away from the network for a night."""
        pause, is_lost = FIRST_PAUSE, False
        while True:
            try:
                page: PageOfEvents = self._client.get(
                    self._path,
                    {"after": self._cursor, "wait": LONG_POLL, "limit": 100},
                    timeout=LONG_POLL + GRACE,
                    attempts=1,
                )
            except (Unreachable, HomeFailed) as error:
                if not is_lost:
                    self._tell_trouble(error.what)
                is_lost = True
                self._pause_for(pause)
                pause = min(pause * GROWTH, LONGEST_PAUSE)
            else:
                if is_lost:
                    self._tell_trouble(None)
                return page

    def _is_new(self, event: dict[str, Any]) -> bool:
        """An event may come twice; of the same task none comes after a later one."""
        if "task_id" not in event:
            return False
        task_id, revision = event["task_id"], event["revision"]
        is_new = bool(revision > self._seen.get(task_id, 0))
        if is_new:
            self._seen.pop(task_id, None)  # to the end: who is forgotten is who was silent for longest
            self._seen[task_id] = revision
            if len(self._seen) > REMEMBERED:
                del self._seen[next(iter(self._seen))]
        return is_new
