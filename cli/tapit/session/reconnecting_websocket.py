"""The WebSocket of a session, and a new one whenever it is lost: when to try again, how often, and when to give up."""

from __future__ import annotations

from collections.abc import Callable

from tapit import TYPE_CHECKING
from tapit.errors import CliError, HomeFailed, NotReady, SessionOver, Unreachable
from tapit.session.background_call import BackgroundCall
from tapit.session.websocket import Disconnected, WebSocket, open_websocket

TRIES = 5
FIRST_PAUSE, GROWTH = 0.5, 2.0
PATIENCE = 30.0  # seconds for all tries together
SAID_FROM = 2  # the try that the person is told of: most interruptions are over with the first
_MAY_WORK_LATER = (Unreachable, HomeFailed, NotReady)

if TYPE_CHECKING:
    from tapit.home.answers import Channel

    Resume = Callable[[], Channel]


class ReconnectingWebSocket:
    """`websocket` is None while there is none; `end` says why there will be no more."""

    def __init__(
        self, opened: Channel, resume: Resume, ring: Callable[[], None], *, home_is_here: bool
    ) -> None:
        self.websocket: WebSocket | None = None
        self.token = ""
        self.end: str | None = None
        self.is_over_there = False  # the home says that there is nothing to come back to
        self.tries = 0
        self._resume = resume
        self._home_is_here = home_is_here
        self._ring = ring
        self._why = ""
        self._try_at: float | None = None
        self._lost_at = 0.0
        self._call: BackgroundCall[tuple[WebSocket, str]] | None = BackgroundCall(
            lambda: self._opened(opened), ring
        )

    @property
    def due_at(self) -> float | None:
        return self._try_at

    @property
    def is_made_again(self) -> bool:
        return self.websocket is None and self.tries >= SAID_FROM

    def turn(self, now: float) -> bool:
        """Whether there is a new connection; it has to be introduced."""
        if self._call is not None and self._call.is_over:
            return self._take_answer(now)
        if self._call is None and self._try_at is not None and now >= self._try_at:
            self._try_at = None
            self.tries += 1
            self._call = BackgroundCall(lambda: self._opened(self._resume()), self._ring)
        return False

    def heard(self) -> None:
        """The other end speaks: whatever happens next is another loss."""
        self.tries = 0

    def lose(self, why: str, now: float) -> None:
        if self.websocket is not None:
            self.websocket.close()
            self.websocket = None
        if self.tries == 0:
            self._lost_at = now
        self._why = why
        pause = FIRST_PAUSE * GROWTH**self.tries
        if self.tries >= TRIES or now + pause - self._lost_at > PATIENCE:
            self.end = why
        else:
            self._try_at = now + pause

    def close(self) -> None:
        if self.websocket is not None:
            self.websocket.close()

    def _take_answer(self, now: float) -> bool:
        call, self._call = self._call, None
        assert call is not None
        try:
            self.websocket, self.token = call.answer()
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
        return self.websocket is not None

    def _opened(self, opened: Channel) -> tuple[WebSocket, str]:
        websocket = open_websocket(opened["url"], opened["headers"], home_is_here=self._home_is_here)
        return websocket, opened["token"]
