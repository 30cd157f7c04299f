"""Subscriptions in SQLite."""

import sqlite3
from collections.abc import Callable, Sequence

from chalicelib.domain.event import SubscriptionEvent
from chalicelib.domain.record import Report, insist
from chalicelib.domain.subscription import Subscription
from chalicelib.ports import Clock
from local.store.database import Database
from local.store.feed import TO_SEND, tell_event
from local.store.named_store import SqliteNamedStore
from local.store.subscription_rows import SUBSCRIPTION_ROWS


class SqliteSubscriptionStore(SqliteNamedStore[Subscription]):
    """What was sent to one that is removed, and what waits to be, goes with it."""

    def __init__(
        self, database: Database, clock: Clock, tell: Callable[[str], None], report: Report = insist
    ) -> None:
        super().__init__(database, SUBSCRIPTION_ROWS, report, tell)
        self._clock = clock

    def _saved(self, connection: sqlite3.Connection, subscription: Subscription) -> Sequence[str]:
        listening = tell_event(connection, SubscriptionEvent.of(subscription), self._clock.now())
        return tuple(dict.fromkeys((*listening, TO_SEND)))  # what waits for it may go another way now

    def _removed(self, connection: sqlite3.Connection, subscription: Subscription) -> None:
        connection.execute("DELETE FROM deliveries WHERE subscription_id = ?", (subscription.id,))
