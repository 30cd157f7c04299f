"""The connection of a session, and the next one when it is lost."""

from collections.abc import Callable, Mapping
from typing import Any

from tapit.errors import CliError, HomeFailed, NotReady, SessionOver, Unreachable
from tapit.session.connection import Connection, Disconnected, connect
from tapit.session.errand import Errand

TRIES = 5
FIRST_PAUSE, GROWTH = 0.5, 2.0
PATIENCE = 30.0  # seconds for all tries together
SAID_FROM = 2  # the try that the person is told of: most interruptions are over with the first
_MAY_WORK_LATER = (Unreachable, HomeFailed, NotReady)

Resume = Callable[[], Mapping[str, Any]]


class Link:
    """`connection` is None while there is none; `end` says why there will be no more."""

    def __init__(self, opened: Mapping[str, Any], resume: Resume, ring: Callable[[], None]) -> None:
        self.connection: Connection | None = None
        self.token = ""
        self.end: str | None = None
        self.is_over_there = False  # the home says that there is nothing to come back to
        self.tries = 0
        self._resume = resume
        self._ring = ring
        self._why = ""
        self._try_at: float | None = None
        self._lost_at = 0.0
        self._errand: Errand[tuple[Connection, str]] | None = Errand(lambda: _connected(opened), ring)

    @property
    def due_at(self) -> float | None:
        return self._try_at

    @property
    def is_made_again(self) -> bool:
        return self.connection is None and self.tries >= SAID_FROM

    def turn(self, now: float) -> bool:
        """Whether there is a new connection; it has to be introduced."""
        if self._errand is not None and self._errand.is_over:
            return self._take_answer(now)
        if self._errand is None and self._try_at is not None and now >= self._try_at:
            self._try_at = None
            self.tries += 1
            self._errand = Errand(lambda: _connected(self._resume()), self._ring)
        return False

    def heard(self) -> None:
        """The other end speaks: whatever happens next is another loss."""
        self.tries = 0

    def lose(self, why: str, now: float) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        if self.tries == 0:
            self._lost_at = now
        self._why = why
        pause = FIRST_PAUSE * GROWTH**self.tries
        if self.tries >= TRIES or now + pause - self._lost_at > PATIENCE:
            self.end = why
        else:
            self._try_at = now + pause

    def close(self) -> None:
        """Also what is still being asked gets a moment, for it uses the client that the caller goes on with."""
        if self._errand is not None:
            self._errand.wait(1.0)
        if self.connection is not None:
            self.connection.close()

    def _take_answer(self, now: float) -> bool:
        errand, self._errand = self._errand, None
        assert errand is not None
        try:
            self.connection, self.token = errand.answer()
        except Disconnected as failure:
            self.lose(str(failure), now)
        except SessionOver as over:
            self.is_over_there = True
            self.end = over.what
        except _MAY_WORK_LATER as failure:
            self.lose(failure.what, now)
        except CliError as failure:
            if not self.tries:  # it never worked, and will not
                raise
            self.end = failure.what
        return self.connection is not None


def _connected(opened: Mapping[str, Any]) -> tuple[Connection, str]:
    return connect(str(opened["url"]), opened["headers"]), str(opened["token"])
