"""Schedules are fired when their time comes, whatever happens to clocks and to themselves meanwhile."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.schedule import Overlap
from local.timing.schedule_clock import ScheduleClock
from tests.firing_world import FiringWorld, firing_world
from tests.local.supervisor.supervised_task import until

AT_ONCE = (
    4.0  # seconds; a busy machine wakes who sleeps that late, and what was in trouble is late by one more
)


class ShiftedClock:
    """The machine's, which somebody sets."""

    def __init__(self) -> None:
        self.shift = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class Running:
    world: FiringWorld
    clock: ShiftedClock
    schedules: ScheduleClock
    looks: list[datetime]

    def schedule(self, name: str, seconds: float, **fields: Any) -> datetime:
        """Have one due in some seconds; return when."""
        due = self.clock.now() + timedelta(seconds=seconds)
        fields = {"starts_at": due - timedelta(minutes=15), "overlap": Overlap.ALLOW, **fields}
        self.world.schedule(name, due_at=due, next_run_at=due, **fields)
        self.schedules.wake()
        return due

    def late(self, name: str, due: datetime) -> float:
        """Wait for its first task; return how many seconds it was late."""
        until(lambda: self.world.read(name).runs)
        (run,) = self.world.read(name).runs
        (task,) = (task for task in self.world.tasks() if task.id == run.task_id)
        return (task.created_at - due).total_seconds()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with firing_world("sqlite", tmp_path) as world:
        clock = ShiftedClock()
        world.services = replace(world.services, clock=clock)
        looks: list[datetime] = []
        _noting(world, looks.append)
        schedules = ScheduleClock(lambda: world.services)
        schedules.open()
        yield Running(world, clock, schedules, looks)
        schedules.close()


def _noting(world: FiringWorld, note: Callable[[datetime], None]) -> None:
    due: Any = world.services.schedules.due

    def noted(*arguments: Any) -> Any:
        note(datetime.now(UTC))
        return due(*arguments)

    world.services.schedules.due = noted  # type: ignore[assignment,method-assign]


def test_one_is_fired_at_its_time(running: Running) -> None:
    due = running.schedule("a", 0.7)

    assert 0 <= running.late("a", due) < AT_ONCE


def test_one_that_is_made_while_another_is_waited_for_is_fired_at_its_own_time(running: Running) -> None:
    running.schedule("later", 3600)
    until(lambda: running.looks)
    due = running.schedule("sooner", 0.3)

    assert 0 <= running.late("sooner", due) < AT_ONCE
    assert running.world.read("later").runs == ()


def test_one_that_was_changed_is_fired_at_its_new_time(running: Running) -> None:
    running.schedule("a", 3600)
    until(lambda: running.looks)
    now = running.clock.now()
    changed = running.world.read("a").but(due_at=now, next_run_at=now)
    running.world.services.schedules.save(changed)
    running.schedules.wake()

    assert 0 <= running.late("a", now) < AT_ONCE


def test_a_clock_that_is_set_forward_brings_what_is_due_by_then(running: Running) -> None:
    due = running.schedule("a", 3600)
    until(lambda: len(running.looks) >= 2)

    running.clock.shift += timedelta(hours=1)

    assert 0 <= running.late("a", due) < AT_ONCE


def test_each_of_many_times_is_fired_once(running: Running) -> None:
    for number in range(20):
        running.schedule(f"n{number}", 0.02 * number)

    until(lambda: len(running.world.tasks()) == 20)
    until(lambda: all(len(running.world.read(f"n{number}").runs) == 1 for number in range(20)))
    assert len(running.world.tasks()) == 20


def test_without_anything_due_nobody_looks(running: Running) -> None:
    running.schedule("a", 0)
    running.late("a", running.clock.now())
    until(lambda: len(running.looks) >= 3)
    looks = len(running.looks)

    due = running.schedule("b", 1.5)
    running.late("b", due)

    assert len(running.looks) - looks < 10  # and not one for every time that it wakes


def test_what_cannot_be_fired_is_tried_again_and_keeps_no_other_from_its_time(running: Running) -> None:
    create: Any = running.world.services.tasks.create

    def refusing(task: Any, *more: Any) -> Any:
        if task.created_by == "schedule:broken":
            raise Unavailable("The disk is full.")
        return create(task, *more)

    running.world.services.tasks.create = refusing  # type: ignore[assignment,method-assign]
    running.schedule("broken", 0)
    due = running.schedule("sound", 0.5)

    assert 0 <= running.late("sound", due) < AT_ONCE
    running.world.services.tasks.create = create  # type: ignore[method-assign]
    running.schedules.wake()
    until(lambda: running.world.read("broken").runs)


def test_it_closes_in_the_midst_of_all_that_is_due(running: Running) -> None:
    create: Any = running.world.services.tasks.create
    begun, going_on = threading.Event(), threading.Event()

    def taking_its_time(*arguments: Any) -> Any:
        begun.set()
        going_on.wait()  # as a disk may that many write to
        return create(*arguments)

    running.world.services.tasks.create = taking_its_time  # type: ignore[assignment,method-assign]
    due = running.clock.now()
    for number in range(100):
        running.world.schedule(f"n{number}", due_at=due, next_run_at=due, overlap=Overlap.ALLOW)
    running.schedules.wake()
    begun.wait()
    closing = threading.Thread(target=running.schedules.close)
    closing.start()
    until(running.schedules._closing.is_set)
    going_on.set()
    closing.join()

    assert len(running.world.tasks()) < 100


def test_it_closes_at_whatever_moment_that_is_asked(tmp_path: Path) -> None:
    with firing_world("sqlite", tmp_path) as world:
        for number in range(50):
            schedules = ScheduleClock(lambda: world.services)
            schedules.open()
            threading.Event().wait(number / 20_000)
            schedules.close()
