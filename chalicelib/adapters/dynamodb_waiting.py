"""Which event each subscription was not told yet, of a task: the later ones wait for it, so that they come in order.

An item of each, from the first try that failed until there is no more to come; a day at the most.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.adapters.dynamodb import DynamoTable, Write, is_expired, last_second, number, text, text_in
from chalicelib.adapters.dynamodb_errors import ConditionsFailed
from chalicelib.domain.delivery import OVER_AFTER, Delivery
from chalicelib.ports import Clock

_OWN = "event_id = :own"


@dataclass(frozen=True)
class Waiting:
    """An event that is tried again at `due_at`."""

    event_id: str
    revision: int
    due_at: datetime


class DynamoWaiting:
    def __init__(self, table: DynamoTable, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def earlier_than(self, delivery: Delivery, revision: int) -> Waiting | None:
        """Return what waits of the same subject, if it is older than this revision."""
        found = self._table.get(_pk(delivery))
        if found is None or is_expired(found, self._clock.now()) or int(found["revision"]["N"]) >= revision:
            return None
        due_at = datetime.fromisoformat(text_in(found, "due_at"))
        return Waiting(text_in(found, "event_id"), int(found["revision"]["N"]), due_at)

    def put(self, delivery: Delivery, revision: int) -> None:
        """Have later ones wait for it; of two that wait at the same time the first one is the one."""
        assert delivery.due_at is not None
        item = {
            "pk": text(_pk(delivery)),
            "event_id": text(delivery.event_id),
            "revision": number(revision),
            "due_at": text(delivery.due_at.isoformat()),
            "expires_at": last_second(delivery.created_at + OVER_AFTER),
        }
        free_or_later = f"attribute_not_exists(pk) OR {_OWN} OR revision > :revision"
        values = {":own": text(delivery.event_id), ":revision": number(revision)}
        self._if_it_may(self._table.put(item, free_or_later, values))

    def remove(self, delivery: Delivery) -> None:
        """Let the later ones go. Harmless to repeat."""
        self._if_it_may(self._table.delete(_pk(delivery), _OWN, {":own": text(delivery.event_id)}))

    def _if_it_may(self, write: Write) -> None:
        try:
            self._table.write(write)
        except ConditionsFailed:
            return


def _pk(delivery: Delivery) -> str:
    return f"delivery#{delivery.subscription_id}#waiting#{delivery.subject}"
