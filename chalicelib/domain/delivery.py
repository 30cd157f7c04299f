"""One event on its way to one subscription: what was tried, what came of it, and when it is tried again."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime

from chalicelib.domain.bounds import Shown
from chalicelib.domain.record import Record

# After the first try, the second, and so on: with every wait at its longest they take less than a day.
WAITS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
)
JITTER = 0.2  # of a wait, earlier or later
OVER_AFTER = timedelta(days=1)
SHOWN_ANSWER = 200  # characters
KEPT_FOR = timedelta(days=7)
MOST_SHOWN = 50  # of a subscription
GONE = 410


class Answer(Record):
    """What came of one try. `problem` says why there is no `status`; of what was said only the beginning is kept."""

    status: int | None = None
    problem: Shown | None = None
    text: Annotated[str, AfterValidator(lambda text: text[:SHOWN_ANSWER])] = ""
    seconds: float
    retry_after: float | None = None  # seconds

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == GONE


class State(StrEnum):
    """`failed`: no more tries will be made. `dropped`: its subscription was paused, or is gone."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"


class Backlog(Record):
    """How many events wait to be taken by a subscription, and since when the first of them."""

    waiting: int
    oldest_at: AwareDatetime


class Delivery(Record):
    """`about` says what its event is about, `subject` of what: a task's id, or a subscription's.

    `due_at` None: it is over. Tries without an answer: one is being made, or whoever made it was killed.
    """

    subscription_id: str
    app: str
    subscription: str
    event_id: str
    subject: str
    about: Shown
    created_at: AwareDatetime
    tries: int = 0
    last_at: AwareDatetime | None = None
    answer: Answer | None = None
    due_at: AwareDatetime | None
    state: State = State.WAITING

    @property
    def is_over(self) -> bool:
        return self.state is not State.WAITING

    @property
    def may_be_tried(self) -> bool:
        return self.tries <= len(WAITS)

    def begun(self, now: datetime, jitter: float) -> Self:
        """Return what it is while a try is made, and stays when whoever makes it is killed: counted, and due later."""
        wait = WAITS[min(self.tries, len(WAITS) - 1)] * (1 + JITTER * jitter)
        return self.but(tries=self.tries + 1, last_at=now, answer=None, due_at=now + wait)

    def after(self, answer: Answer, now: datetime, jitter: float) -> Self:
        """Return what it is after a try; `jitter` is a random number from -1 to 1.

        It is never tried again before the receiver's Retry-After, nor more than a day after it was made: whoever asks
        for more than is left of that day is tried once more at its end.
        """
        tried = self.but(tries=self.tries + 1, last_at=now, answer=answer)
        if answer.is_success:
            return tried.but(state=State.DELIVERED, due_at=None)
        due_at = None if answer.is_gone else tried._next_try(now, jitter)
        return tried.but(due_at=due_at, state=State.WAITING if due_at else State.FAILED)

    def given_up(self) -> Self:
        answer = Answer(problem="The server was killed while it was being sent.", seconds=0.0)
        return self.but(state=State.FAILED, due_at=None, answer=answer)

    def dropped(self) -> Self:
        return self.but(state=State.DROPPED, due_at=None)

    def _next_try(self, now: datetime, jitter: float) -> datetime | None:
        if self.tries > len(WAITS):
            return None
        wait = (WAITS[self.tries - 1] * (1 + JITTER * jitter)).total_seconds()
        left = (self.created_at + OVER_AFTER - now).total_seconds()
        seconds = max(wait, min(self._asked(), left))
        return now + timedelta(seconds=seconds) if 0 < seconds <= left else None

    def _asked(self) -> float:
        """Return how many seconds the receiver asked for; whoever wants more than a day is not taken at its word."""
        asked = (self.answer.retry_after if self.answer else None) or 0.0
        return asked if asked <= OVER_AFTER.total_seconds() else 0.0
