"""A lock: of an app's tasks that have one of its name, one at a time is at work.

It is a queue of unfinished tasks, and whoever is first in it holds the lock. So it is handed over by taking its holder
out, and nobody else ever has to be put in: as long as there is anybody, somebody holds it.
"""

from collections.abc import Iterable
from enum import StrEnum
from itertools import takewhile

from chalicelib.domain.errors import Locked, TooManyWait
from chalicelib.domain.record import Record

MOST_WAITING = 1000
MOST_WITH_REPLACERS = 1100  # for who replaces is there to get past those that wait


class IfLocked(StrEnum):
    """What becomes of a task whose lock another one holds: it waits, is not made, or has that one stopped."""

    WAIT = "wait"
    REFUSE = "refuse"
    REPLACE = "replace"


class Place(Record):
    """Somebody in the queue; whoever replaces waits for the holder's end only, before those that wait their turn."""

    task_id: str
    replaces: bool = False


class Lock(Record):
    app: str
    name: str
    queue: tuple[Place, ...] = ()

    @property
    def holder(self) -> str | None:
        return self.queue[0].task_id if self.queue else None

    def has(self, task_id: str) -> bool:
        return any(place.task_id == task_id for place in self.queue)

    def before(self, task_id: str) -> tuple[str, ...]:
        """Return who comes before a task: the holder, and others that wait."""
        return tuple(takewhile(lambda each: each != task_id, (place.task_id for place in self.queue)))

    def replaced_by(self, task_id: str) -> tuple[str, ...]:
        """Return whom a task has to stop. That goes by its place: another try of it waits for its turn."""
        replaces = any(place.replaces for place in self.queue if place.task_id == task_id)
        return self.before(task_id) if replaces else ()


def joined(lock: Lock, task_id: str, if_locked: IfLocked) -> Lock:
    """Put a task into the queue; raise Locked when it would have to wait and may not, TooManyWait when it is full."""
    if lock.has(task_id):
        return lock
    if if_locked is IfLocked.REFUSE and lock.holder is not None:
        raise Locked(lock.app, lock.name, lock.holder)
    replaces = if_locked is IfLocked.REPLACE
    if len(lock.queue) > (MOST_WITH_REPLACERS if replaces else MOST_WAITING):
        raise TooManyWait(
            lock.app, lock.name, lock.queue[0].task_id, len(lock.queue) - 1, may_replace=not replaces
        )
    at = _behind_replacers(lock.queue) if replaces else len(lock.queue)
    return lock.but(queue=(*lock.queue[:at], Place(task_id=task_id, replaces=replaces), *lock.queue[at:]))


def left(lock: Lock, task_id: str) -> Lock:
    """Take a task out of the queue, wherever it is; whoever is behind a holder that leaves is the next."""
    return lock.but(queue=tuple(place for place in lock.queue if place.task_id != task_id))


def succeeded(lock: Lock, task_id: str, followed_by: str | None) -> Lock:
    """Take a task out that has ended; the next try of it, if there is one, waits behind all others.

    For that one there is always room: an end is never refused.
    """
    rest = left(lock, task_id)
    return rest if followed_by is None else rest.but(queue=(*rest.queue, Place(task_id=followed_by)))


def restored(lock: Lock, at_work: Iterable[str], waiting: Iterable[str]) -> Lock:
    """Give a place to those that have lost theirs: who is at work holds the lock, who waits comes behind all others."""
    first, last = (
        tuple(Place(task_id=task_id) for task_id in some if not lock.has(task_id))
        for some in (at_work, waiting)
    )
    return lock.but(queue=(*first, *lock.queue, *last))


def words_of_waiting(lock: Lock) -> str:
    """Whoever was to get a place while the lock could not be read may be in no queue, and nobody before it."""
    if lock.holder is None:
        return f"a place in the queue of lock {lock.name}"
    return f"lock {lock.name}, held by {lock.holder}"


def _behind_replacers(queue: tuple[Place, ...]) -> int:
    """The holder may be one that has replaced another: that is over."""
    waiting = enumerate(queue[1:], start=1)
    return next((at for at, place in waiting if not place.replaces), len(queue))
