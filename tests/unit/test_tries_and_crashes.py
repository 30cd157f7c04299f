"""An end that is told again and again, to programs that are killed between any two calls: each is tried again once."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import Stale
from chalicelib.domain.new_task import NewTask
from chalicelib.domain.task import Task, accept_launch, begin_attempt
from chalicelib.ports import Services
from chalicelib.usecases.create import create_task
from chalicelib.usecases.observe import record_sighting
from chalicelib.usecases.sweep import sweep
from tests.builders import ARN, an_end
from tests.firing_world import HOMES, FiringWorld, Killed, firing_world, until_call

RETRIES = 2
RUNS = 5  # that see one end, each killed at a call of its own, or not at all
kills = st.lists(st.integers(0, 8), max_size=RUNS)


@pytest.fixture(params=HOMES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FiringWorld]:
    with firing_world(request.param, tmp_path) as made:
        yield made


def a_first_try(world: FiringWorld, lock: str | None = None) -> Task:
    wanted = NewTask(command="x", retries=RETRIES, retry_on=("exit:75",), retry_wait=30, lock=lock)
    task, _ = create_task(world.services, "shop", wanted, created_by="alice", key=None)
    return task


def runs(world: FiringWorld, task_id: str) -> None:
    now = world.clock.now()
    task = world.services.tasks.get(task_id)
    world.services.tasks.save(accept_launch(begin_attempt(task, {}, now), ARN, now))


def tell_end(world: FiringWorld, services: Services, task_id: str) -> None:
    now = world.clock.now()
    record_sighting(services, task_id, an_end(exit_code=75, started_at=now, stopped_at=now))


def tries_of(world: FiringWorld, first: str) -> list[Task]:
    found = [world.services.tasks.get(first)]
    while found[-1].retried_by is not None:
        found.append(world.services.tasks.get(found[-1].retried_by))
    return found


def lives(world: FiringWorld, first: Task, killed_at: Sequence[Sequence[int]]) -> list[Task]:
    """Let every try end with 75, told to some who are killed and at last to one who is not; then let the sweep see."""
    task_id: str | None = first.id
    for numbers in killed_at:
        assert task_id is not None
        runs(world, task_id)
        for number in numbers:
            with suppress(Killed):
                tell_end(world, until_call(world.services, number), task_id)
        tell_end(world, world.services, task_id)
        task_id = world.services.tasks.get(task_id).retried_by
        world.clock.time += timedelta(minutes=2)
        assert sweep(world.services, None, lambda problem: pytest.fail(str(problem))) is None
    return tries_of(world, first.id)


@pytest.mark.parametrize("lock", [None, "migrate"])
@settings(
    max_examples=12,
    deadline=None,
)
@given(killed_at=st.lists(kills, min_size=RETRIES + 1, max_size=RETRIES + 1))
def test_whoever_is_killed_each_try_is_followed_by_one(
    world: FiringWorld, lock: str | None, killed_at: list[list[int]]
) -> None:
    before = {task.id for task in world.tasks()}
    first = a_first_try(world, lock)

    tries = lives(world, first, killed_at)

    assert [task.try_number for task in tries] == [1, 2, 3]
    assert {task.id for task in world.tasks()} - before == {task.id for task in tries}
    assert all(task.exit_code == 75 for task in tries)
    assert {task.id for task in tries} <= set(
        world.lifecycle.tasks
    )  # each has been begun, by one or the sweep
    assert world.services.tasks.count_active("shop") == 0
    assert lock is None or world.services.tasks.lock("shop", lock).holder is None


def test_of_many_who_see_an_end_at_once_one_has_it_tried_again(world: FiringWorld) -> None:
    first = a_first_try(world)
    runs(world, first.id)

    def see(_: int) -> None:
        with suppress(Stale):
            tell_end(world, world.services, first.id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(see, range(16)))

    assert [task.try_number for task in tries_of(world, first.id)] == [1, 2]
    assert len(world.tasks()) == 2
    assert world.services.tasks.count_active("shop") == 1
