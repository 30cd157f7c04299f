"""Whoever follows a feed sees every status of every task once, whatever is killed meanwhile."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import TaskNotFound
from chalicelib.domain.event import TaskEvent
from chalicelib.domain.status import Status
from chalicelib.domain.task import Change, Task
from chalicelib.usecases.read_feed import FeedQuery, read_feed
from local.store.database import Database
from local.store.feed import SqliteFeed
from local.store.task_store import SqliteTaskStore
from local.timing.changes import LocalChanges
from tests.builders import NOON, a_task, an_app
from tests.dynamodb_table import SetClock
from tests.quick_folder import quick_folder

IDS = [f"1jd3m8k7x2q{letter}" for letter in "abcd"]
APPS = {task_id: ("shop", "blog")[number % 2] for number, task_id in enumerate(IDS)}
Step = tuple[Any, ...]


class Killed(Exception):
    """The server ends here."""


class Mortal(Database):
    """A database whose server may be killed before a change is written, or right after it."""

    dies_before_commit = False

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        with super().write() as connection:
            yield connection
            if self.dies_before_commit:
                raise Killed


class Reader:
    """Keeps its cursor and the last revision of each task; it may be killed before it has kept the cursor."""

    def __init__(self, app: str) -> None:
        self.app = app
        self.cursor: int | None = None
        self.revisions: dict[str, int] = {}
        self.seen: list[tuple[str, str]] = []

    def read(self, services: Any, limit: int, *, is_killed: bool) -> bool:
        page, cursor = read_feed(services, FeedQuery(self.app, self.cursor, None, None, limit, 0))
        for told in page.items:
            self._take(told.event)
        if not is_killed:
            self.cursor = cursor
        return bool(page.items)

    def _take(self, event: Any) -> None:
        assert isinstance(event, TaskEvent)
        if event.revision > self.revisions.get(event.task_id, 0):
            self.revisions[event.task_id] = event.revision
            self.seen.append((event.task_id, event.status))
        assert event.task.revision == event.revision
        assert (event.task.id, event.task.status) == (event.task_id, event.status)


class World:
    """What was really changed, in its order, beside what is told of it."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._clock = SetClock()
        self.tasks: dict[str, Task] = {}
        self.changed: list[tuple[str, str]] = []
        self.readers = [Reader("shop"), Reader("blog"), Reader("shop")]
        self.open()

    def open(self) -> None:
        self.database = Mortal(self._place)
        self._dies_after_commit = False
        changes = LocalChanges()
        self._store = SqliteTaskStore(self.database, self._clock, self._tell)
        apps = SimpleNamespace(get=lambda _: an_app())
        feed = SqliteFeed(self.database, self._clock)
        self.services: Any = SimpleNamespace(apps=apps, feed=feed, changes=changes, clock=self._clock)

    def do(self, step: Step) -> None:
        match step:
            case ("save", task_id, status, death):
                self._save(task_id, status, death)
            case ("read", number, limit, is_killed):
                self.readers[number].read(self.services, limit, is_killed=is_killed)

    def _save(self, task_id: str, status: Status | None, death: str) -> None:
        self.database.dies_before_commit = death == "before"
        self._dies_after_commit = death == "after"
        try:
            self._change(task_id, status)
        except Killed:
            self.database.close()
            self.open()
        self._dies_after_commit = self.database.dies_before_commit = False
        with suppress(TaskNotFound):
            self._look(task_id)

    def _change(self, task_id: str, status: Status | None) -> None:
        task = self.tasks.get(task_id)
        if task is None:
            history = (Change(status=Status.PENDING, time=NOON),)
            self._store.create(a_task(id=task_id, app=APPS[task_id], history=history), None, None)
        elif status is None:
            self._store.save(task.but(waiting_for=f"turn {task.revision}"))
        else:
            self._store.save(task.moved(status, NOON))

    def _look(self, task_id: str) -> None:
        """Note what has come of a change: it is written, or it never was."""
        before, task = self.tasks.get(task_id), self._store.get(task_id)
        if before is None or task.status != before.status:
            self.changed.append((task_id, task.status))
        self.tasks[task_id] = task

    def _tell(self, _name: str) -> None:
        if self._dies_after_commit:
            raise Killed


saves = st.tuples(
    st.just("save"),
    st.sampled_from(IDS),
    st.none() | st.sampled_from(Status),
    st.sampled_from(["never", "never", "before", "after"]),
)
reads = st.tuples(st.just("read"), st.integers(0, 2), st.integers(1, 4), st.booleans())


@given(st.lists(saves | reads, max_size=30))
@settings(max_examples=60, deadline=None)
def test_every_status_of_every_task_is_seen_once_and_in_order(steps: list[Step]) -> None:
    with quick_folder() as place:
        world = World(place / "tapit.db")
        with closing(world.database):
            for step in steps:
                world.do(step)
            for reader in world.readers:
                while reader.read(world.services, 3, is_killed=False):
                    pass

    for reader in world.readers:
        assert reader.seen == [
            (task_id, status) for task_id, status in world.changed if APPS[task_id] == reader.app
        ]
