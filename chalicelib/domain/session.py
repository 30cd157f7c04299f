"""A person's terminal inside a task: what is kept of it, and the command that runs in it."""

from datetime import datetime, timedelta
from typing import Self

from pydantic import AwareDatetime

from chalicelib.domain.bounds import LARGEST_SESSIONS, Shown, fitting
from chalicelib.domain.record import Record
from chalicelib.domain.token import Token

MOST_KEPT = 50  # sessions of one task
UNATTENDED = timedelta(minutes=25)  # clients say every 10 minutes that somebody is there

# What the watchdog of an attached task exits with: it is the container's main process, the command runs in a session.
EVERYBODY_LEFT = 0
NOBODY_CAME = 124


class Session(Record):
    """Who was in a task, and when. `command` None: it ran the task's own, and its end is the task's.

    A long command is kept to be recognized, not to be repeated. `url` is where its client connects to. It belongs to
    the token that opened it, `token_id`; `resumed_by` is who came back to it last, at `resumed_at`.
    """

    id: str
    command: Shown | None = None
    opened_by: Shown
    opened_at: AwareDatetime
    token_id: str | None = None
    resumed_by: Shown | None = None
    resumed_at: AwareDatetime | None = None
    attended_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    ended_by: Shown | None = None
    exit_code: int | None = None
    url: str | None = None

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None

    def belongs_to(self, token: Token) -> bool:
        """Older versions kept a session's token by its name alone."""
        return token.holder == self.token_id if self.token_id else token.name == self.opened_by

    def ended(self, at: AwareDatetime, exit_code: int | None, by: str | None = None) -> Self:
        """The first end is the one that counts."""
        return self if self.is_over else self.but(ended_at=at, exit_code=exit_code, ended_by=by)

    def left_at(self, now: datetime) -> datetime | None:
        """Return when it ended. Whoever vanished ends nothing, and was there until the last sign of them."""
        if self.ended_at is not None:
            return self.ended_at
        last_sign = self.attended_at or self.opened_at
        return last_sign if now - last_sign > UNATTENDED else None


def kept_sessions(sessions: tuple[Session, ...]) -> tuple[Session, ...]:
    """Return those that a record has room for: of more, the oldest that are over are forgotten first.

    Then shells go that nobody ended, for whoever vanished never does. The newest, and what runs the command, go last.
    """

    def is_wanted(session: Session) -> tuple[bool, bool]:
        return not session.is_over, session.command is None or session is sessions[-1]

    return fitting(sessions, LARGEST_SESSIONS, MOST_KEPT, is_wanted)
