"""What a page of 50 tasks costs among a thousand, and among a million."""

import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.filled_state import BYTES_EACH, STATUS, fill, id_at
from bench.home import APP, Home, serving, temporary_place
from bench.row import Budget, Row, compare
from bench.timing import medians_of_steps
from chalicelib.adapters.clock import SystemClock
from chalicelib.domain.status import Status
from chalicelib.domain.task_filter import FilterBy, TaskFilter
from chalicelib.ports import TaskQuery
from local.store.database import Database
from local.store.task_store import SqliteTaskStore

FEW, MANY = 1_000, 1_000_000
BUDGET = Budget(1.3, 1.1, "x")
PAGE = 50
OF_NO_TASK = TaskFilter(FilterBy.STATUS, (Status.LOST,))

Query = Callable[[int], TaskQuery]

QUERIES: Mapping[str, Query] = {
    "first page": lambda _: TaskQuery(APP, PAGE),
    "a page deep in the list, by cursor": lambda tasks: TaskQuery(
        APP, PAGE, after_id=id_at(random.randrange(tasks // 10, tasks))
    ),
    "by status": lambda _: TaskQuery(APP, PAGE, TaskFilter(FilterBy.STATUS, (STATUS,))),
    "by three statuses": lambda _: TaskQuery(
        APP, PAGE, TaskFilter(FilterBy.STATUS, (STATUS, Status.LOST, Status.TIMED_OUT))
    ),
    "by a status that no task has": lambda _: TaskQuery(APP, PAGE, OF_NO_TASK),
    "by initiated_by": lambda _: TaskQuery(APP, PAGE, TaskFilter(FilterBy.INITIATED_BY, ("user-3",))),
    "by created_by": lambda _: TaskQuery(APP, PAGE, TaskFilter(FilterBy.CREATED_BY, ("token-3",))),
    "by tag": lambda _: TaskQuery(APP, PAGE, TaskFilter(FilterBy.TAG, ("ticket:OPS-3",))),
    "by initiated_by, deep in the list": lambda tasks: TaskQuery(
        APP,
        PAGE,
        TaskFilter(FilterBy.INITIATED_BY, ("user-3",)),
        after_id=id_at(random.randrange(tasks * 6 // 10, tasks)),
    ),
}


def measure(*, quick: bool) -> list[Row]:
    """Ask two stores in turns, one of each size, then two servers."""
    many = 20_000 if quick else MANY
    rounds = 20 if quick else 200
    with temporary_place() as few_place, temporary_place() as many_place:
        _refuse_without_room(many_place, many)
        fill(few_place / "state", FEW)
        fill(many_place / "state", many)
        rows = _ask_stores(few_place, many_place, many, rounds)
        return [*rows, *_ask_servers(few_place, many_place, many, rounds)]


def _ask_stores(few_place: Path, many_place: Path, many: int, rounds: int) -> list[Row]:
    stores = {FEW: _store(few_place), many: _store(many_place)}
    rows = []
    for name, query in QUERIES.items():
        took = medians_of_steps({size: _page(store, query, size) for size, store in stores.items()}, rounds)
        rows.append(_row(f"page of {PAGE}, {name}", took, many))
    return rows


def _ask_servers(few_place: Path, many_place: Path, many: int, rounds: int) -> list[Row]:
    with serving(few_place) as few_home, serving(many_place) as many_home:
        homes = {FEW: few_home, many: many_home}
        took = medians_of_steps({size: _request(home) for size, home in homes.items()}, rounds)
    return [_row(f"page of {PAGE}, first page, over HTTP", took, many)]


def _row(name: str, took: Mapping[int, float], many: int) -> Row:
    return compare(f"{name}: {many:,} tasks", took[many], took[FEW], f"{FEW:,} tasks", BUDGET)


def _store(place: Path) -> SqliteTaskStore:
    return SqliteTaskStore(Database(place / "state" / "tapit.db"), SystemClock(), lambda _: None)


def _page(store: SqliteTaskStore, query: Query, size: int) -> Callable[[], None]:
    def ask() -> None:
        asked = query(size)
        found = len(store.list(asked).items)
        if found != (0 if asked.only == OF_NO_TASK else PAGE):
            raise RuntimeError(f"a page had {found} tasks")

    return ask


def _request(home: Home) -> Callable[[], None]:
    def ask() -> None:
        home.ask("GET", f"/apps/{APP}/tasks?limit={PAGE}")

    return ask


def _refuse_without_room(place: Path, tasks: int) -> None:
    free = shutil.disk_usage(place).free
    needed = 2 * tasks * BYTES_EACH  # SQLite's log may hold as much again
    if free < needed:
        raise RuntimeError(f"{place} has {free >> 20} MB of room; this needs {needed >> 20} MB")
