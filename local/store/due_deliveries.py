"""What waits to be sent, in the order in which it may be.

An event waits while one before it, of the same task to the same subscription, is not over: so they arrive in order.
"""

from collections.abc import Sequence
from itertools import islice

from chalicelib.domain.delivery import Delivery
from chalicelib.domain.record import Report, each_readable, insist, read_record
from local.store.database import Database, rows

_WAITING = """
    SELECT id FROM subscriptions WHERE is_slow = ? AND EXISTS (
        SELECT 1 FROM deliveries WHERE subscription_id = subscriptions.id AND due_at IS NOT NULL
    )
"""
_NEXT = """
    SELECT event_id, record FROM deliveries AS this
    WHERE subscription_id = ? AND due_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM deliveries AS earlier
        WHERE earlier.subscription_id = this.subscription_id AND earlier.subject = this.subject
            AND earlier.due_at IS NOT NULL AND earlier.place < this.place
    )
    ORDER BY due_at
"""
_BEGIN = """
    UPDATE deliveries SET due_at = ?, record = ? WHERE subscription_id = ? AND event_id = ? AND due_at = ?
"""


class DueDeliveries:
    """`report` is told of each delivery that is left out because it cannot be read."""

    def __init__(self, database: Database, report: Report = insist) -> None:
        self._database = database
        self._report = report

    def waiting_subscriptions(self, *, slow: bool) -> Sequence[str]:
        """Return the ids of those that something waits for; slow ones, or all the others."""
        with self._database.read() as connection:
            return [found for (found,) in connection.execute(_WAITING, (slow,))]

    def next_for(self, subscription_id: str, limit: int) -> Sequence[Delivery]:
        """Return what a subscription may be sent next, now or later, by when it is due."""
        with self._database.read() as connection, rows(connection, _NEXT, (subscription_id,)) as found:
            return list(islice(each_readable(found, _delivery, self._report), limit))

    def begin(self, delivery: Delivery, begun: Delivery) -> bool:
        """Write down that a try is being made; return False when it is not due any more as it was when it was read."""
        assert delivery.due_at is not None
        assert begun.due_at is not None
        with self._database.write() as connection:
            values = (begun.due_at.timestamp(), begun.model_dump_json())
            which = (delivery.subscription_id, delivery.event_id, delivery.due_at.timestamp())
            return connection.execute(_BEGIN, (*values, *which)).rowcount == 1


def _delivery(row: tuple[str, str]) -> Delivery:
    event_id, record = row
    return read_record(Delivery, record, f"delivery of {event_id}")
