"""What is counted, and that it is counted once."""

from types import SimpleNamespace
from typing import cast

import pytest

from chalicelib.adapters.dynamodb import DynamoTable
from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.adapters.metered import MeteredTasks
from chalicelib.domain.errors import Stale
from chalicelib.domain.task import Task, lose, observe
from chalicelib.ports import Services
from chalicelib.usecases.change import change_task
from tests.builders import NOON, a_sighting, a_task, an_end
from tests.dynamodb_table import SetClock


class Tally:
    def __init__(self) -> None:
        self.told: list[str] = []

    def count(self, name: str) -> None:
        self.told.append(name)

    def measure(self, name: str, seconds: float) -> None:
        self.told.append(f"{name}={seconds:g}")


@pytest.fixture
def tally() -> Tally:
    return Tally()


@pytest.fixture
def tasks(table: DynamoTable, clock: SetClock, tally: Tally) -> MeteredTasks:
    return MeteredTasks(DynamoTaskStore(table, clock), tally)


def home_with(tasks: MeteredTasks) -> Services:
    return cast(Services, SimpleNamespace(tasks=tasks, clock=SetClock()))


def test_a_life_is_counted_once_however_often_it_is_told(tasks: MeteredTasks, tally: Tally) -> None:
    task = tasks.create(a_task(created_at=NOON), None, None)
    running = a_sighting(version=2, started_at=NOON)
    for seen in (running, running, an_end(exit_code=1), an_end(exit_code=1), running):
        change_task(home_with(tasks), task.id, lambda task, seen=seen: observe(task, seen, NOON))  # type: ignore[misc]

    assert tally.told == ["tasks_created", "tasks_started", "launch_latency=0", "tasks_ended_by_exit"]


def test_a_change_that_was_refused_is_not_counted(tasks: MeteredTasks, tally: Tally) -> None:
    task = tasks.create(a_task(), None, None)
    tasks.save(task.but(waiting_for="capacity"))

    with pytest.raises(Stale):
        tasks.save(lose(task, NOON))
    assert tally.told == ["tasks_created"]


def test_a_change_of_no_status_is_none(tasks: MeteredTasks, tally: Tally) -> None:
    tasks.create(a_task(), None, None)

    def wait(task: Task) -> Task:
        return task.but(waiting_for="capacity")

    change_task(home_with(tasks), a_task().id, wait)

    assert tally.told == ["tasks_created"]
