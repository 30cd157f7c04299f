"""What a question about an app's feed and its answer look like."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from chalicelib.domain.event import Event
from chalicelib.domain.view import View
from chalicelib.http.fields import QueryParameters
from chalicelib.http.task_models import LONGEST_WAIT

MOST_OF_THE_END = 10_000


class EventQuery(QueryParameters):
    """Where to begin: `after` a cursor, or with the newest ones (`tail`), or at a time (`since`); else with all."""

    after: (
        Annotated[
            str,
            Field(
                max_length=1024,
                description="`next` of the answer before, with whatever token: goes on where that ended",
            ),
        ]
        | None
    ) = None
    since: (
        Annotated[AwareDatetime, Field(description="what was told then and later; not with `after`")] | None
    ) = None
    tail: (
        Annotated[
            int,
            Field(
                ge=0,
                le=MOST_OF_THE_END,
                description="the newest ones; 0 gives none, and the cursor for all that follows; not with `after`",
            ),
        ]
        | None
    ) = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    wait: Annotated[
        float,
        Field(
            ge=0, le=LONGEST_WAIT, description="seconds to wait where there is nothing yet; not with `tail`"
        ),
    ] = 0


class EventList(View):
    """Oldest first. `next` goes on where this ends, always: a feed has no end."""

    items: list[Event]
    next: str
    poll_after: float
