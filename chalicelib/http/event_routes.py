"""The route of an app's feed: translate, delegate, translate back."""

import re

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.token import Role
from chalicelib.http.cursor import seal, unseal
from chalicelib.http.endpoint import Call, Routes
from chalicelib.http.event_models import EventList, EventQuery
from chalicelib.usecases.read_feed import FeedQuery, read_feed

routes = Routes()
_PLACE = re.compile(r"[0-9]{1,18}")
_ONLY_ALONE = {"after": ("since", "tail"), "tail": ("wait",)}


@routes.add("GET", "/apps/{app_name}/events", Role.VIEWER)
def list_events(call: Call, app_name: str, query: EventQuery) -> EventList:
    """Read an app's events of seven days, oldest first; with `wait`, as soon as there is one."""
    _refuse_contradictions(query)
    scope = f"events {app_name}"
    wanted = FeedQuery(
        app=app_name,
        after=_place(scope, query.after),
        since=query.since,
        tail=query.tail,
        limit=query.limit,
        wait=query.wait,
    )
    page, place = read_feed(call.home, wanted)
    return EventList.model_construct(
        items=[told.event for told in page.items],
        next=seal(None, scope, str(place)),
        poll_after=call.home.changes.poll_feed_after(has_more=page.has_more),
    )


def _place(scope: str, cursor: str | None) -> int | None:
    """Whoever follows a feed goes on with another token once theirs has ended: a cursor is for all who read the app."""
    position = unseal(None, scope, cursor, "after")
    if position is None:
        return None
    if not _PLACE.fullmatch(position):
        raise InvalidRequest("The cursor is not one of ours.", {"after": "is not valid here"})
    return int(position)


def _refuse_contradictions(query: EventQuery) -> None:
    """What an answer waits for is asked for anew when there is news: with `tail` it would be another end each time."""
    given = query.model_fields_set
    for name, others in _ONLY_ALONE.items():
        both = [other for other in others if {name, other} <= given]
        if both:
            raise InvalidRequest(
                f"Give {name}= or {both[0]}=, not both.", {both[0]: f"does not go with {name}"}
            )
