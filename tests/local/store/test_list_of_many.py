"""A page of a list takes SQLite the same work however many tasks there are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chalicelib.domain.task_filter import FilterBy, TaskFilter
from chalicelib.ports import TaskQuery
from local.store.database import Database
from local.store.task_store import SqliteTaskStore
from tests.builders import a_task
from tests.dynamodb_table import SetClock

FEW, MANY = 100, 1000
FILTERS = [
    None,
    TaskFilter(FilterBy.STATUS, ("PENDING",)),
    TaskFilter(FilterBy.STATUS, ("PENDING", "LOST")),
    TaskFilter(FilterBy.INITIATED_BY, ("john",)),
    TaskFilter(FilterBy.CREATED_BY, ("alice",)),
    TaskFilter(FilterBy.TAG, ("ticket:OPS-7",)),
    TaskFilter(FilterBy.TAG, ("rare:",)),
    TaskFilter(FilterBy.TAG, ("nobody:s",)),
]


class Work:
    """Counts the steps that SQLite takes in one database."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps = 0
        self.database = Database(place / "tapit.db")
        self.store = SqliteTaskStore(self.database, SetClock(), lambda _: None)
        read = self.database.read

        @contextmanager
        def counted() -> Iterator[object]:
            with read() as connection:
                connection.set_progress_handler(self._step, 1)
                yield connection
                connection.set_progress_handler(None, 1)

        monkeypatch.setattr(self.database, "read", counted)

    def _step(self) -> int:
        self.steps += 1
        return 0

    def fill(self, first: int, last: int) -> None:
        for number in range(first, last):
            tags = {"ticket": "OPS-7", **({"rare": ""} if number < 10 else {})}
            self.store.create(a_task(id=f"1ngaz2{number:06}", initiated_by="john", tags=tags), None, None)

    def of_pages(self, only: TaskFilter | None) -> int:
        """The steps of the first page, and of one that follows in the middle of the list."""
        self.steps = 0
        self.store.list(TaskQuery("shop", 20, only))
        self.store.list(TaskQuery("shop", 20, only, after_id=f"1ngaz2{FEW - 20:06}"))
        return self.steps


def test_a_page_takes_no_more_steps_among_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(tmp_path, monkeypatch)
    work.fill(0, FEW)
    among_few = [work.of_pages(only) for only in FILTERS]
    work.fill(FEW, MANY)

    among_many = [work.of_pages(only) for only in FILTERS]

    assert min(among_few) > 0
    assert among_many == among_few
    work.database.close()
