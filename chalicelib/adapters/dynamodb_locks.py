"""Locks in DynamoDB: one item with the queue of each, which changes in the transactions that change its tasks.

A queue that is empty is not deleted but expires, so that who hands locks on need not be allowed to delete anything.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from chalicelib.adapters.dynamodb import DynamoTable, Write, last_second, text, text_in
from chalicelib.adapters.dynamodb_errors import ConditionsFailed
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.lock import Lock
from chalicelib.domain.record import read_record
from chalicelib.ports import Clock

TRIES = 40  # a hundred that join one queue at once, and leave it, take about ten each
KEPT_EMPTY = timedelta(days=1)
ChangeOfLock = Callable[[Lock], Lock]


class DynamoLocks:
    def __init__(self, table: DynamoTable, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def get(self, app: str, name: str) -> Lock:
        return self._read(app, name)[0]

    def change(self, app: str, name: str, change: ChangeOfLock) -> Lock:
        return self.write_with(app, name, change, ())

    def write_with(self, app: str, name: str, change: ChangeOfLock, writes: Sequence[Write]) -> Lock:
        """Do some writes together with a change of a lock, or nothing; whoever was faster has it decided anew.

        Raise ConditionsFailed when another than the lock's condition stands in the way, and what `change` raises.
        """
        for attempt in range(TRIES):
            before, as_read = self._read(app, name)
            after = change(before)
            own = [] if after == before else [self._replacement(after, as_read)]
            try:
                if [*writes, *own]:
                    self._table.write(*writes, *own)
                return after
            except ConditionsFailed as refusal:
                if refusal.found.keys() != {len(writes)}:
                    raise
            self._table.pause(attempt)
        raise Unavailable(f"Too many tasks of app {app} join or leave the lock {name} at once. Try again.")

    def _read(self, app: str, name: str) -> tuple[Lock, str | None]:
        """Return the lock, and the very text that it is kept as, if it is."""
        found = self._table.get(_key(app, name))
        if found is None:
            return Lock(app=app, name=name), None
        record = text_in(found, "queue")
        return read_record(Lock, record, f"lock {name} of app {app}"), record

    def _replacement(self, lock: Lock, as_read: str | None) -> Write:
        """The queue itself is the condition: one that is the same again is as good as one that never changed."""
        pk = _key(lock.app, lock.name)
        condition = "attribute_not_exists(pk)" if as_read is None else "queue = :read"
        values = None if as_read is None else {":read": text(as_read)}
        item = {"pk": text(pk), "queue": text(lock.model_dump_json(exclude_defaults=True))}
        expiry = {} if lock.queue else {"expires_at": last_second(self._clock.now() + KEPT_EMPTY)}
        return self._table.put({**item, **expiry}, condition, values, is_shared=True)


def _key(app: str, name: str) -> str:
    return f"lock#{app}#{name}"
