"""Schedules, locks and tries together, while calls are cut off at any point and time goes on.

One task of a lock is at work, and each gets its turn; each time of a schedule is told, and is one task at the most; and
no schedule stands still.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.dynamodb_apps import DynamoAppStore
from chalicelib.adapters.dynamodb_schedules import DynamoScheduleStore
from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.domain.errors import Locked
from chalicelib.domain.lock import IfLocked
from chalicelib.domain.schedule import MOST_RUNS, Missed, Overlap, Schedule
from chalicelib.domain.task import Task
from chalicelib.domain.task_filter import FilterBy, TaskFilter
from chalicelib.ports import ScheduleStore, Services, TaskQuery, TaskStore
from chalicelib.usecases.fire import start_schedule
from chalicelib.usecases.fire_due import Firer
from chalicelib.usecases.stop import stop_task
from local.store.app_store import SqliteAppStore
from local.store.database import Database
from local.store.schedule_store import SqliteScheduleStore
from local.store.task_store import SqliteTaskStore
from tests.builders import NOON, a_schedule, an_app
from tests.dynamodb_table import SetClock, a_table, dynamodb_on_moto
from tests.firing_world import UNUSED
from tests.quick_folder import quick_folder
from tests.unit.test_turns import Killed, World

MINUTE = timedelta(minutes=1)
BETWEEN = timedelta(
    seconds=7
)  # after the full minute, so that what somebody starts is told from what was due
NAMES = ("a", "b")
AGAIN = 75
LONG = timedelta(minutes=8)
QUIET = 2  # minutes that may pass before a schedule is fired again


class Repeating(World):
    """Two schedules of every minute, of which one shares a lock with what people create."""

    def __init__(
        self,
        tasks: TaskStore,
        schedules: ScheduleStore,
        clock: SetClock,
        overlaps: list[Overlap],
        missed: Missed,
    ) -> None:
        super().__init__(tasks, clock)
        clock.time = NOON + BETWEEN
        self.schedules = schedules
        self.told: dict[tuple[str, datetime], str | None] = {}
        self.started: set[str] = set()
        home: Any = self.services
        unused: dict[str, Any] = dict.fromkeys(UNUSED)
        no_commands: Any = {}
        self.services = Services(
            tasks=home.tasks,
            apps=home.apps,
            cluster=home.cluster,
            lifecycle=home.lifecycle,
            commands=no_commands,
            audit=unused["feed"],
            schedules=self.fuse.guard(schedules),
            clock=clock,
            home="test",
            stage="test",
            **unused,
        )
        for name, overlap, lock in zip(NAMES, overlaps, (None, "migrate"), strict=True):
            task = {"command": "true", "lock": lock, "retries": 1, "retry_on": (f"exit:{AGAIN}",)}
            schedules.create(
                a_schedule(
                    id=name,
                    name=name,
                    every=60,
                    starts_at=NOON,
                    next_run_at=NOON + MINUTE,
                    due_at=NOON + MINUTE,
                    overlap=overlap,
                    missed=missed,
                    task=task,
                ),
                10,
            )

    @property
    def unfinished(self) -> list[Task]:
        return list(self.store.list_active(None, 1000).items)

    def fire(self) -> None:
        Firer(seconds=60).run(self.services)

    def start(self, name: str) -> None:
        before = {task.id for task in self.unfinished}
        try:
            start_schedule(self.services, "shop", name, by="bob", key=None)
        finally:
            self.started |= {task.id for task in self.unfinished} - before

    def ends(self, task: Task, exit_code: int) -> None:
        for arn in [arn for arn in self.containers.seen if task.id in arn]:
            self.containers._end(arn, "EssentialContainerExited", exit_code)
            self.hear(task.id)

    def check(self) -> None:
        """What holds at every moment."""
        at_work = {arn.removeprefix("arn/").partition("-")[0] for arn in self.containers.at_work}
        locks = [self.store.get(task_id).lock for task_id in at_work]
        held = [lock for lock in locks if lock is not None]
        assert len(held) == len(set(held)), "two of one lock are at work"
        for name in NAMES:
            for run in self._schedule(name).runs:
                if run.time.second == 0:  # what somebody starts has no time of its own
                    known = self.told.setdefault((name, run.time), run.task_id)
                    assert known in (None, run.task_id), "one time is two tasks"
                    self.told[name, run.time] = run.task_id

    def pass_minutes(self, count: int) -> None:
        passed = self.clock.time - min(self._due_at(name) for name in NAMES)
        if passed < LONG and self.has_room_for(count):
            self.clock.time += MINUTE * count

    def has_room_for(self, more: int) -> bool:
        """Say whether all runs are still in the histories when somebody looks: else nobody is told of some."""
        return all(self._runs_at_the_next_look(name) + more + QUIET <= MOST_RUNS for name in NAMES)

    def _runs_at_the_next_look(self, name: str) -> int:
        due_at = self._due_at(name)
        stay = [run for run in self._schedule(name).runs if run.has_to_end or run.time >= due_at]
        return len(stay) + max(0, (self.clock.time - due_at) // MINUTE + 1)

    def settle(self) -> None:
        for _ in range(3):
            self._quiet_minute()
        for name in NAMES:
            assert self._due_at(name) > self.clock.time, "a schedule stands still"
            self._check_that_each_time_is_told(name)
            self.schedules.save(self._schedule(name).but(enabled=False, next_run_at=None, due_at=None))
        for _ in range(3 * len(self.unfinished) + 8):
            if self.unfinished:
                self._quiet_minute()
        assert self.unfinished == []
        assert [self.store.lock("shop", lock).holder for lock in ("migrate", "schedule:a")] == [None, None]

    def _quiet_minute(self) -> None:
        self.clock.time += MINUTE
        self.fire()
        self.check()
        self.clock.time += MINUTE
        self.fire()
        self.sweep()
        self.wake()
        self.check()
        for task in self.unfinished:
            self.ends(task, 0)

    def _check_that_each_time_is_told(self, name: str) -> None:
        """And that each is a task of its own, if it is any."""
        mine = {time: task_id for (whose, time), task_id in self.told.items() if whose == name}
        assert sorted(mine) == [NOON + MINUTE * number for number in range(1, len(mine) + 1)]
        ids = [task_id for task_id in mine.values() if task_id is not None]
        assert len(ids) == len(set(ids))
        mine_made = TaskQuery("shop", 1000, TaskFilter(FilterBy.CREATED_BY, (f"schedule:{name}",)))
        made = {task.id for task in self.store.list(mine_made).items if task.try_number == 1}
        assert made - self.started == set(ids), "a task that no time is told of"

    def _due_at(self, name: str) -> datetime:
        due_at = self._schedule(name).due_at
        assert due_at is not None
        return due_at

    def _schedule(self, name: str) -> Schedule:
        return self.schedules.get("shop", name)


@contextmanager
def in_sqlite(place: Path, overlaps: list[Overlap], missed: Missed) -> Iterator[Repeating]:
    clock = SetClock()
    with closing(Database(place / "tapit.db")) as database:
        SqliteAppStore(database).create(an_app())
        schedules = SqliteScheduleStore(database, clock, lambda _: None)
        yield Repeating(SqliteTaskStore(database, clock, lambda _: None), schedules, clock, overlaps, missed)


@contextmanager
def in_dynamodb(overlaps: list[Overlap], missed: Missed) -> Iterator[Repeating]:
    clock = SetClock()
    with dynamodb_on_moto() as client:
        table = a_table(client)
        DynamoAppStore(table).create(an_app())
        yield Repeating(DynamoTaskStore(table, clock), DynamoScheduleStore(table), clock, overlaps, missed)


WHAT = (
    "fire",
    "start",
    "launch",
    "ends",
    "fails",
    "stop",
    "hear",
    "sweep",
    "wake",
    "a minute",
    "minutes",
    "create",
)
Step = tuple[str, int, tuple[int, bool] | None]
steps = st.lists(
    st.tuples(
        st.sampled_from(WHAT), st.integers(0, 10), st.none() | st.tuples(st.integers(0, 12), st.booleans())
    ),
    max_size=25,
)
overlaps = st.lists(st.sampled_from(Overlap), min_size=2, max_size=2)


@given(steps, overlaps, st.sampled_from(Missed))
@settings(max_examples=150, deadline=None)
def test_whatever_is_cut_off_each_time_is_one_task_and_each_task_gets_its_turn(
    taken: list[Step], chosen: list[Overlap], missed: Missed
) -> None:
    with quick_folder() as place, in_sqlite(place, chosen, missed) as world:
        _live_through(world, taken)


@pytest.mark.slow
@given(steps, overlaps, st.sampled_from(Missed))
@settings(max_examples=15, deadline=None)
def test_so_it_is_in_dynamodb(taken: list[Step], chosen: list[Overlap], missed: Missed) -> None:
    with in_dynamodb(chosen, missed) as world:
        _live_through(world, taken)


def _live_through(world: Repeating, taken: list[Step]) -> None:
    for step in taken:
        _do(world, *step)
        world.check()
    world.settle()


def _do(world: Repeating, what: str, which: int, cut: tuple[int, bool] | None) -> None:
    unfinished = world.unfinished
    task = unfinished[which % len(unfinished)] if unfinished else None
    world.fuse.calls, world.fuse.is_after = cut or (None, False)
    with suppress(Killed, Locked):
        match what:
            case "fire" | "sweep" | "wake":
                getattr(world, what)()
            case "start" if world.has_room_for(1):
                world.start(NAMES[which % 2])
            case "create":
                world.create(list(IfLocked)[which % 3])
            case "a minute":
                world.pass_minutes(1)
            case "minutes":
                world.pass_minutes(which)
            case "stop" if task is not None:
                stop_task(world.services, task.id, by="alice")
            case "ends" | "fails" if task is not None:
                world.ends(task, AGAIN if what == "fails" else 0)
            case "launch" | "hear" if task is not None:
                getattr(world, what)(task.id)
    world.fuse.calls = None
