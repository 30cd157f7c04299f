"""Why we asked a task to stop."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.domain.bounds import Shown
from chalicelib.domain.record import Record


class StopCause(Record):
    """Why we asked a task to stop, and who did; after a session, how the command in it ended.

    Whoever replaces a task is another task, which wants its lock.

    A newer version may have causes that this one does not know: they count as somebody's wish, and keep their names.
    """

    kind: Annotated[
        Literal["user", "deadline", "start_timeout", "session", "replaced"] | str,
        Field(union_mode="left_to_right"),
    ]
    by: Shown | None = None
    exit_code: int | None = None

    @property
    def is_a_wish(self) -> bool:
        return self.kind in ("user", "replaced")
