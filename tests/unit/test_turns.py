"""Tasks with one lock, created, launched, stopped and ended in any order, while calls are cut off at any point.

At most one of them is at work, and each gets its turn.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.domain.app import App
from chalicelib.domain.diagnosis import EndedBy
from chalicelib.domain.errors import Locked, TapitError, Unanswered, Unreadable
from chalicelib.domain.lock import IfLocked, joined, left
from chalicelib.domain.new_task import NewTask
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task, note_failure
from chalicelib.domain.time_limit import next_wake
from chalicelib.ports import IdempotencyKey, Services, TaskStore
from chalicelib.usecases.create import create_task
from chalicelib.usecases.launch import begin_life
from chalicelib.usecases.observe import record_sighting
from chalicelib.usecases.stop import stop_task
from chalicelib.usecases.sweep import sweep
from chalicelib.usecases.turn import TOLD, as_it_waits, lock_with_living_holder
from local.store.database import Database
from local.store.task_store import SqliteTaskStore
from tests.builders import NOON, an_app
from tests.dynamodb_table import SetClock, a_table, dynamodb_on_moto
from tests.quick_folder import quick_folder

A_DAY = 86_400.0
MINUTE = timedelta(minutes=1)


class Killed(BaseException):
    """The process is gone, before a call or just after it."""


@dataclass
class Fuse:
    """Burns down with every call of what it guards."""

    calls: int | None = None
    is_after: bool = False

    def guard(self, guarded: Any) -> Any:
        def guarded_call(name: str) -> Callable[..., Any]:
            def call(*args: Any, **named: Any) -> Any:
                burnt = self._burn()
                if burnt and not self.is_after:
                    raise Killed
                answer = getattr(guarded, name)(*args, **named)
                if burnt:
                    raise Killed
                return answer

            return call

        return cast(Any, _Guarded(guarded_call))

    def _burn(self) -> bool:
        if self.calls is None:
            return False
        self.calls -= 1
        if self.calls >= 0:
            return False
        self.calls = None
        return True


class _Guarded:
    def __init__(self, call: Callable[[str], Callable[..., Any]]) -> None:
        self._call = call

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self._call(name)


@dataclass
class Containers:
    """The newest sighting of each, by its ARN: one for each token. Whatever is asked to end has ended at once."""

    seen: dict[str, Sighting] = field(default_factory=dict)

    def plan(self, task: Task, app: App) -> dict[str, Any]:  # noqa: ARG002 - the port's shape
        return {}

    def refuse(self, task: Task, app: App) -> None: ...

    def notes(self, task: Task, app: App | None) -> list[str]:  # noqa: ARG002 - the port's shape
        return []

    def start(self, task: Task, app: App) -> str:  # noqa: ARG002 - the port's shape
        assert task.launch is not None
        arn = f"arn/{task.id}-{task.launch.attempt}"
        self.seen.setdefault(arn, Sighting(version=1, arn=arn, started_at=NOON))
        return arn

    def find(self, task: Task) -> str | None:
        return next((arn for arn in self.seen if task.id in arn), None)

    def stop(self, task: Task, reason: str) -> None:
        self.stop_stray(task.ecs_arn or "", reason)

    def stop_stray(self, arn: str, reason: str) -> None:  # noqa: ARG002 - the port's shape
        self._end(arn, "UserInitiated", 143)

    def exit(self, arn: str, exit_code: int = 0) -> None:
        self._end(arn, "EssentialContainerExited", exit_code)

    def look(self, tasks: Iterable[Task]) -> dict[str, Sighting | None]:
        return {task.id: self.seen[task.ecs_arn or ""] for task in tasks}

    def has_run_its_time(self, task: Task) -> bool:  # noqa: ARG002 - the port's shape
        return True

    @property
    def at_work(self) -> list[str]:
        return [arn for arn, seen in self.seen.items() if not seen.is_stopped]

    def _end(self, arn: str, stop_code: str, exit_code: int) -> None:
        if not self.seen[arn].is_stopped:
            self.seen[arn] = Sighting(
                version=2,
                arn=arn,
                started_at=NOON,
                is_stopped=True,
                stopped_at=NOON,
                stop_code=stop_code,
                exit_code=exit_code,
            )


@dataclass
class Wakes:
    """Whom a launch was asked for, until it comes about."""

    asked: list[str] = field(default_factory=list)
    answers: bool = True

    def begin(self, task: Task) -> None:
        self.launch_again(task)

    def launch_again(self, task: Task) -> None:
        if not self.answers:
            raise Unanswered("nobody there")
        self.asked.append(task.id)


class World:
    def __init__(self, store: TaskStore, clock: SetClock, place: Path | None = None, **app: Any) -> None:
        self.place = place  # of a database, where locks can be spoilt
        self.spoilt: str | None = None
        self.containers, self.wakes, self.clock, self.fuse = Containers(), Wakes(), clock, Fuse()
        self.store = store
        self.made: list[str] = []
        apps = SimpleNamespace(get=lambda _: an_app(queue_timeout=A_DAY, **app))
        others: Any = SimpleNamespace(apps=apps, clock=self.clock)
        others.tasks = self.fuse.guard(self.store)
        others.cluster = self.fuse.guard(self.containers)
        others.lifecycle = self.fuse.guard(self.wakes)
        self.services = cast(Services, others)

    def create(self, if_locked: IfLocked = IfLocked.WAIT, lock: str = "migrate", **asked: Any) -> str:
        wanted = NewTask(command="true", lock=lock, if_locked=if_locked, **asked)
        before = {task.id for task in self.store.list_active(None, 100).items}
        try:
            create_task(self.services, "shop", wanted, created_by="alice", key=None)
        finally:
            made = [t.id for t in self.store.list_active(None, 100).items if t.id not in before]
            self.made += made
        return made[0]

    def launch(self, task_id: str) -> Task:
        begin_life(self.services, task_id)
        return self.store.get(task_id)

    def wake(self) -> None:
        while self.wakes.asked:
            begin_life(self.services, self.wakes.asked.pop(0))

    def exits(self, task_id: str, exit_code: int = 0) -> None:
        for arn in [arn for arn in self.containers.seen if task_id in arn]:
            self.containers.exit(arn, exit_code)
            self.hear(task_id)

    def hear(self, task_id: str) -> None:
        for arn in [arn for arn in self.containers.seen if task_id in arn]:
            record_sighting(self.services, task_id, self.containers.seen[arn])

    def sweep(self) -> None:
        sweep(self.services, None, _raise)

    def holder(self, lock: str = "migrate") -> str | None:
        return self.store.lock("shop", lock).holder

    def status(self, task_id: str) -> Status:
        return self.store.get(task_id).status

    def spoil(self) -> None:
        """Make the lock's record one that cannot be read."""
        if self.place is not None and self.spoilt is None and self.holder() is not None:
            self.spoilt = kept_lock(self.place, "of a newer version")

    def mend(self) -> None:
        if self.place is not None and self.spoilt is not None:
            kept_lock(self.place, self.spoilt)
        self.spoilt = None

    def forget(self) -> None:
        """Remove the lock's record, as somebody may while none of its tasks is at work."""
        unfinished = self.store.list_active(None, 100).items
        if self.place is not None and all(task.waits_its_turn for task in unfinished):
            forget_lock(self.place)
            self.spoilt = None

    def settle(self) -> None:
        """Some quiet minutes: what was lost is mended, and what works comes to its end."""
        self.mend()
        for _ in range(3 * len(self.made) + 8):
            if self._is_settled():
                return
            self.clock.time += MINUTE * 2
            self.sweep()
            self.wake()
            assert len(self.containers.at_work) <= 1
            for task_id in self.made:
                self.exits(task_id)

    def _is_settled(self) -> bool:
        is_idle = self.holder() is None and not self.containers.at_work
        return is_idle and all(self.store.get(task_id).is_final for task_id in self.made)


def _raise(problem: TapitError) -> None:
    raise problem


@contextmanager
def a_world(place: Path, **app: Any) -> Iterator[World]:
    clock = SetClock()
    with closing(Database(place / "tapit.db")) as database:
        yield World(SqliteTaskStore(database, clock, lambda _: None, lambda _: None), clock, place, **app)


@contextmanager
def a_world_on_dynamodb() -> Iterator[World]:
    clock = SetClock()
    with dynamodb_on_moto() as client:
        yield World(DynamoTaskStore(a_table(client), clock), clock)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path) as world:
        yield world


def test_a_task_whose_lock_is_free_starts(world: World) -> None:
    assert world.launch(world.create()).is_launched


def test_a_task_whose_lock_is_held_waits_and_says_by_whom(world: World) -> None:
    first, second = world.create(), world.create()

    waiting = world.launch(second)

    assert (waiting.status, waiting.waiting_for) == (Status.PENDING, f"lock migrate, held by {first}")
    assert world.containers.at_work == []


def test_whoever_creates_a_task_that_waits_is_told_for_whom(world: World) -> None:
    first = world.create()
    wanted = NewTask(command="true", lock="migrate")

    _, notes = create_task(world.services, "shop", wanted, created_by="alice", key=None)

    assert notes == [f"It waits for lock migrate, held by {first}."]


def test_the_next_is_launched_with_the_end_of_the_one_before(world: World) -> None:
    first, second, third = world.create(), world.create(), world.create()
    world.wake()

    world.exits(first)

    assert world.wakes.asked == [second]
    world.wake()
    assert [world.status(each) for each in (first, second, third)] == ["SUCCEEDED", "STARTING", "PENDING"]
    assert world.store.get(second).waiting_for is None


def test_a_task_that_nobody_can_wake_gets_its_turn_with_the_sweep(world: World) -> None:
    first, second = world.create(), world.create()
    world.wake()
    world.wakes.answers = False
    world.exits(first)
    world.wakes.answers = True

    world.clock.time += 2 * MINUTE
    world.sweep()
    world.wake()

    assert world.store.get(second).is_launched


def test_those_that_wait_on_say_whom_they_wait_for_by_now(world: World) -> None:
    first, second, third = world.create(), world.create(), world.create()
    world.wake()
    world.exits(first)

    world.clock.time += 2 * MINUTE
    world.sweep()

    assert world.store.get(third).waiting_for == f"lock migrate, held by {second}"


def test_a_task_that_waits_can_be_stopped_and_the_others_go_on(world: World) -> None:
    first, second, third = world.create(), world.create(), world.create()
    world.wake()

    stop_task(world.services, second, by="alice")
    world.exits(first)
    world.wake()

    assert world.status(second) is Status.STOPPED
    assert world.store.get(third).is_launched


def test_the_sweep_tells_the_first_of_a_queue_who_holds_the_lock_by_now_and_the_others_say_so_when_asked(
    world: World,
) -> None:
    made = [world.create() for _ in range(2 * TOLD)]
    world.wake()
    world.exits(made[0])
    world.clock.time += MINUTE * 2

    world.sweep()

    now_held = f"lock migrate, held by {made[1]}"
    told = [task_id for task_id in made if world.store.get(task_id).waiting_for == now_held]
    assert told == made[2 : TOLD + 1]
    last = as_it_waits(world.services, world.store.get(made[-1]))
    assert last.waiting_for == now_held
    assert world.launch(made[-1]).waiting_for == now_held


def test_a_task_that_waits_too_long_fails_and_says_for_what(world: World) -> None:
    first, second = world.create(), world.create()
    world.wake()
    world.clock.time += timedelta(seconds=A_DAY + 1)

    ended = world.launch(second)

    assert ended.status is Status.FAILED
    assert ended.diagnosis is not None
    assert f"it waited too long for lock migrate, held by {first}" in ended.diagnosis.what
    assert "queue_timeout=" in ended.diagnosis.next
    assert world.holder() == first


def test_a_task_is_looked_at_when_its_patience_ends_and_no_more_often_than_that_makes_sense(
    world: World,
) -> None:
    world.create()
    waiting = world.launch(world.create())
    looks = list[timedelta]()
    now = NOON
    while now - NOON <= timedelta(seconds=A_DAY):
        now = next_wake(waiting, now)
        looks.append(now - NOON)

    assert looks[0] == MINUTE
    assert len(looks) < 50
    assert timedelta(seconds=A_DAY) < looks[-1] <= timedelta(seconds=A_DAY + 2)


def test_a_task_that_waits_is_looked_at_again_before_it_could_have_run_too_long(tmp_path: Path) -> None:
    with a_world(tmp_path, max_hours=0.001) as world:
        world.create()
        waiting = world.launch(world.create())

    later = NOON + timedelta(hours=10)
    assert next_wake(waiting, later) - later <= timedelta(seconds=4)


def test_a_task_that_replaces_stops_the_holder_and_then_runs(world: World) -> None:
    first = world.create()
    world.wake()
    waiter, second = world.create(), world.create(IfLocked.REPLACE)

    world.launch(second)
    world.hear(first)
    world.wake()

    replaced = world.store.get(first)
    assert (replaced.status, replaced.ended_by) == (Status.STOPPED, EndedBy.REPLACED)
    assert replaced.diagnosis is not None
    assert f"Task {second} replaced it" in replaced.diagnosis.what
    assert f"replaced by {second}" in [line.why for line in replaced.history]
    assert world.store.get(second).is_launched
    assert world.status(waiter) is Status.PENDING


def test_a_task_that_replaces_one_that_has_not_begun_starts_at_once(world: World) -> None:
    first, second = world.create(), world.create(IfLocked.REPLACE)

    assert world.launch(second).is_launched
    assert world.store.get(first).ended_by is EndedBy.REPLACED


def test_the_latest_of_several_that_replace_wins(world: World) -> None:
    first = world.create()
    world.wake()
    second, third = world.create(IfLocked.REPLACE), world.create(IfLocked.REPLACE)

    world.launch(third)
    world.hear(first)
    world.wake()

    assert [world.store.get(each).ended_by for each in (first, second)] == [EndedBy.REPLACED] * 2
    assert world.store.get(third).is_launched


def test_a_task_that_is_replaced_before_it_started_says_by_whom(world: World) -> None:
    first = world.create()
    second = world.create(IfLocked.REPLACE)

    world.launch(second)

    last = world.store.get(first).history[-1]
    assert (last.status, last.why) == (Status.STOPPED, f"replaced by {second}")


def test_a_task_that_is_stopped_while_it_waits_says_by_whom(world: World) -> None:
    world.create()
    second = world.create()

    stop_task(world.services, second, by="bob")

    assert world.store.get(second).history[-1].why == "stopped by bob"


def test_a_user_who_stops_a_task_before_it_is_replaced_was_first(world: World) -> None:
    first = world.create()
    world.wake()
    stop_task(world.services, first, by="alice")

    world.launch(world.create(IfLocked.REPLACE))
    world.hear(first)

    assert world.store.get(first).ended_by is EndedBy.USER


def test_another_try_of_a_task_that_replaced_waits_for_its_turn(world: World) -> None:
    first, second = world.create(), world.create(IfLocked.REPLACE)
    world.store.change_lock("shop", "migrate", lambda lock: joined(left(lock, second), second, IfLocked.WAIT))

    assert world.launch(second).waiting_for == f"lock migrate, held by {first}"
    assert world.status(first) is Status.PENDING


@pytest.mark.parametrize("how", ["create", "launch", "sweep"])
def test_a_lock_whose_holder_is_over_is_free_for_whoever_looks(world: World, how: str) -> None:
    """As a version that knows of no locks would leave it."""
    first = world.create()
    world.launch(first)
    world.exits(first)
    second = world.create() if how != "create" else None
    world.store.change_lock("shop", "migrate", lambda lock: lock.but(queue=({"task_id": first}, *lock.queue)))

    if how == "create":
        second = world.create(IfLocked.REFUSE)
    elif how == "launch":
        world.launch(second or "")
    else:
        world.wakes.asked.clear()
        world.clock.time += 2 * MINUTE
        world.sweep()
        assert second in world.wakes.asked

    assert world.holder() == second


def test_a_holder_that_was_removed_holds_nothing(world: World) -> None:
    first, second = world.create(), world.create()
    world.store.change_lock("shop", "migrate", lambda lock: left(lock, first))
    world.store.change_lock(
        "shop", "migrate", lambda lock: lock.but(queue=({"task_id": "removed"}, *lock.queue))
    )

    assert world.launch(second).is_launched


def kept_lock(place: Path, record: str | None = None) -> str:
    """Return what is kept of the lock; with a `record`, put that in its place, behind everybody's back."""
    with closing(sqlite3.connect(place / "tapit.db", timeout=10)) as connection, connection:
        ((before,),) = connection.execute("SELECT record FROM locks").fetchall()
        if record is not None:
            connection.execute("UPDATE locks SET record = ?", (record,))
    return str(before)


def forget_lock(place: Path) -> None:
    with closing(sqlite3.connect(place / "tapit.db", timeout=10)) as connection, connection:
        connection.execute("DELETE FROM locks")


def test_a_task_whose_lock_cannot_be_read_waits_and_says_why_and_the_sweep_tells_the_operator(
    world: World, tmp_path: Path
) -> None:
    world.create()
    second = world.create()
    kept_lock(tmp_path, "of a newer version")

    waiting = world.launch(second)

    why = "lock migrate. The record of lock migrate of app shop cannot be read by this version of tapit: "
    assert waiting.status is Status.PENDING
    assert (waiting.waiting_for or "").startswith(why)
    assert as_it_waits(world.services, waiting) == waiting
    assert world.containers.at_work == []
    world.clock.time += MINUTE * 2
    told: list[TapitError] = []
    sweep(world.services, None, told.append)
    assert ["lock migrate of app shop" in str(problem) for problem in told] == [True]


def test_a_task_waits_no_longer_for_a_lock_that_cannot_be_read_than_for_another(
    world: World, tmp_path: Path
) -> None:
    world.create()
    second = world.create()
    kept_lock(tmp_path, "of a newer version")
    world.clock.time += timedelta(seconds=A_DAY + 1)

    ended = world.launch(second)

    assert ended.status is Status.FAILED
    assert "it waited too long for lock migrate. The record of lock migrate" in (ended.reason or "")


def test_a_launch_that_failed_before_a_task_came_to_wait_for_its_turn_is_no_failure_of_a_later_one(
    world: World,
) -> None:
    world.create()
    second = world.create()
    world.store.save(note_failure(world.store.get(second), "the table was gone", NOON))

    assert world.launch(second).failing_since is None


def test_whoever_ends_while_the_lock_cannot_be_read_is_in_nobodys_way_once_it_can(
    world: World, tmp_path: Path
) -> None:
    first, second, third = (world.create() for _ in range(3))
    world.wake()
    readable = kept_lock(tmp_path, "of a newer version")
    stop_task(world.services, second, by="alice")
    world.exits(first)
    assert [world.status(each) for each in (first, second)] == [Status.SUCCEEDED, Status.STOPPED]

    kept_lock(tmp_path, readable)
    world.clock.time += MINUTE * 2
    world.sweep()
    world.wake()

    assert world.store.get(third).is_launched
    assert world.holder() == third


def test_a_next_try_that_got_no_place_as_the_lock_could_not_be_read_is_given_one_by_the_sweep(
    world: World, tmp_path: Path
) -> None:
    first, second = world.create(retries=1, retry_on=("exit:75",)), world.create()
    world.wake()
    readable = kept_lock(tmp_path, "of a newer version")
    world.exits(first, 75)
    again = world.store.get(first).retried_by or ""
    kept_lock(tmp_path, readable)
    world.clock.time += MINUTE * 2

    waiting = world.launch(again)
    assert waiting.waiting_for == f"lock migrate, held by {second}"
    world.sweep()

    assert [place.task_id for place in world.store.lock("shop", "migrate").queue] == [second, again]


def test_the_queue_of_a_lock_that_was_removed_is_made_anew_with_who_is_at_work_first(
    world: World, tmp_path: Path
) -> None:
    made = []
    for _ in range(3):
        made.append(world.create())
        world.clock.time += MINUTE
    first, second, third = made
    world.wake()
    forget_lock(tmp_path)

    assert world.launch(second).waiting_for == "a place in the queue of lock migrate"
    world.clock.time += MINUTE * 2
    world.sweep()
    world.wake()

    assert [place.task_id for place in world.store.lock("shop", "migrate").queue] == [first, second, third]
    assert world.containers.at_work == [f"arn/{first}-1"]


def test_nobody_is_told_to_wait_for_a_holder_that_is_gone(world: World) -> None:
    key = IdempotencyKey("alice", "k", "digest", NOON + timedelta(days=1))
    wanted = NewTask(command="true", lock="migrate", if_locked=IfLocked.REPLACE)
    first = world.create()
    task, notes = create_task(world.services, "shop", wanted, created_by="alice", key=key)
    assert notes == [f"It replaces task {first}, and starts when that one has ended."]
    world.store.change_lock("shop", "migrate", lambda lock: left(left(lock, first), task.id))

    _, notes = create_task(world.services, "shop", wanted, created_by="alice", key=key)

    assert notes == []
    assert as_it_waits(world.services, task) == task


WHAT = (
    *("launch", "stop", "exits", "hear", "sweep", "wake", "a minute", "wait", "refuse", "replace"),
    *("spoil", "mend", "forget"),
)


Step = tuple[str, int, tuple[int, bool] | None]
cut_off = st.none() | st.tuples(st.integers(0, 12), st.booleans())
step = st.tuples(st.sampled_from(WHAT), st.integers(0, 10), cut_off)


@given(st.lists(step, max_size=25))
@settings(max_examples=200, deadline=None)
def test_one_works_at_a_time_and_each_gets_its_turn_wherever_calls_are_cut_off(steps: list[Step]) -> None:
    with quick_folder() as place, a_world(place) as world:
        _live_through(world, steps)


@pytest.mark.slow
@given(st.lists(step, max_size=12))
@settings(max_examples=25, deadline=None)
def test_so_it_is_in_dynamodb(steps: list[Step]) -> None:
    with a_world_on_dynamodb() as world:
        _live_through(world, steps)


def _live_through(world: World, steps: list[Step]) -> None:
    for step in steps:
        _do(world, *step)
        assert len(world.containers.at_work) <= 1
    world.settle()
    ends = [world.store.get(task_id) for task_id in world.made]
    assert all(end.is_final for end in ends)
    assert world.containers.at_work == []
    assert lock_with_living_holder(world.services, world.store.lock("shop", "migrate")).holder is None
    for end in ends:
        if end.status is not Status.SUCCEEDED:
            assert end.ended_by in (EndedBy.USER, EndedBy.REPLACED)


def _do(world: World, what: str, which: int, cut: tuple[int, bool] | None) -> None:
    task_id = world.made[which % len(world.made)] if world.made else None
    world.fuse.calls, world.fuse.is_after = cut or (None, False)
    with suppress(Killed, Locked, Unreadable):
        match what:
            case "sweep" | "wake" | "spoil" | "mend" | "forget":
                getattr(world, what)()
            case "a minute":
                world.clock.time += MINUTE
            case "wait" | "refuse" | "replace":
                world.create(IfLocked(what))
            case "stop" if task_id is not None:
                stop_task(world.services, task_id, by="alice")
            case "launch" | "exits" | "hear" if task_id is not None:
                getattr(world, what)(task_id)
    world.fuse.calls = None
