"""Read what was told of an app's tasks; wait for more where the home can."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.ports import Page, Services, Told


@dataclass(frozen=True)
class FeedQuery:
    """Where to begin: behind `after`; else with the newest `tail`, or what was told `since`; else with all there is.

    `wait` is for how long to wait (seconds) where there is nothing yet.
    """

    app: str
    after: int | None
    since: datetime | None
    tail: int | None
    limit: int
    wait: float


def read_feed(services: Services, query: FeedQuery) -> tuple[Page[Told], int]:
    """Return events, oldest first, and the place to go on from, which misses none and repeats none."""
    services.apps.get(query.app)
    deadline = services.clock.monotonic() + query.wait
    with services.changes.watch_feed(query.app) as watch:
        beginning = _beginning(services, query)
        while True:
            page = services.feed.read(query.app, beginning, query.limit)
            left = deadline - services.clock.monotonic()
            if page.items or not watch.wait(left):
                return page, page.items[-1].place if page.items else beginning


def _beginning(services: Services, query: FeedQuery) -> int:
    if query.after is not None:
        return query.after
    since = 0 if query.since is None else services.feed.place_before(query.app, query.since)
    tail = 0 if query.tail is None else services.feed.place_before_last(query.app, query.tail)
    return max(since, tail)
