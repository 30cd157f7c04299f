"""That something does nothing for now, and why: a subscription, or a schedule."""

from pydantic import AwareDatetime

from chalicelib.domain.bounds import Shown
from chalicelib.domain.record import Record


class Pause(Record):
    """Since when, and why. `by` None: it paused itself, which is news of the revision it came with."""

    since: AwareDatetime
    why: Shown
    by: Shown | None = None
    revision: int

    def is_news_of(self, revision: int) -> bool:
        """What somebody does they know; what was paused before was told then."""
        return self.by is None and self.revision == revision
