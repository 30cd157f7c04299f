"""Launches, events, stops and looks, in any order and at once: one container runs the command, and its end counts."""

from contextlib import closing, suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import NotDone
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task
from chalicelib.usecases.check_deadline import check_deadline
from chalicelib.usecases.launch import launch_task
from chalicelib.usecases.observe import record_sighting
from chalicelib.usecases.stop import stop_task
from chalicelib.usecases.sweep import sweep
from local.store.database import Database
from local.store.task_store import SqliteTaskStore
from tests.builders import a_task, an_app, services_with
from tests.dynamodb_table import SetClock
from tests.quick_folder import quick_folder
from tests.unit.simulated_ecs import Killed, SimulatedEcs, Weather

TASK_ID = a_task().id
SIMPLE = ["user's stop", "starts", "fails", "exits", "news", "old news", "look", "sweep", "a minute"]
Step = tuple[str, Any]


class OneApp:
    def get(self, name: str) -> Any:  # noqa: ARG002 - the port's shape
        return an_app()


class SleepingLifecycle:
    def begin(self, task: Task) -> None: ...

    def launch_again(self, task: Task) -> None: ...


class World:
    def __init__(self, database: Database) -> None:
        self.ecs, self.clock = SimulatedEcs(), SetClock()
        self.was_stopped = False
        lifecycle: Any = SleepingLifecycle()
        ecs: Any = self.ecs
        apps: Any = OneApp()
        self.services = services_with(
            tasks=SqliteTaskStore(database, self.clock, lambda _: None),
            apps=apps,
            cluster=ecs,
            lifecycle=lifecycle,
            clock=self.clock,
        )
        self.services.tasks.create(a_task(), None, None)

    @property
    def task(self) -> Task:
        return self.services.tasks.get(TASK_ID)

    def do_all(self, steps: list[Step]) -> None:
        for step in steps:
            self.do(step)

    def do(self, step: Step) -> None:
        name, more = step
        match name:
            case "launch":
                self._launch(*more)
            case "user's stop":
                self.was_stopped = True
                stop_task(self.services, TASK_ID, by="alice")
            case "starts" | "fails" | "exits":
                for container in list(self.ecs.containers.values()):
                    {"starts": container.start, "fails": container.fail, "exits": container.exit}[name]()
            case "news" | "old news":
                self.hear(old=name == "old news")
            case "look":
                check_deadline(self.services, TASK_ID)
            case "sweep":
                sweep(self.services, None, lambda problem: pytest.fail(str(problem)))
            case "a minute":
                self.clock.time += timedelta(minutes=1)

    def _launch(self, weather: Weather, is_on_its_way_back: bool, meanwhile: list[Step]) -> None:  # noqa: FBT001
        self.ecs.weather, self.ecs.is_on_its_way_back = weather, is_on_its_way_back
        self.ecs.meanwhile = partial(self.do_all, meanwhile) if meanwhile else None
        with suppress(NotDone, Killed):
            launch_task(self.services, TASK_ID)
        self.ecs.weather, self.ecs.meanwhile = Weather.FINE, None

    def hear(self, *, old: bool) -> None:
        for container in list(self.ecs.containers.values()):
            record_sighting(self.services, TASK_ID, container.told[0 if old else -1])

    def settle(self) -> None:
        """Fine weather for a while: what is lost is asked again, and every event is told."""
        for _ in range(8):
            with suppress(NotDone):
                launch_task(self.services, TASK_ID)
            self.clock.time += timedelta(minutes=1)
            self.hear(old=True)
            self.hear(old=False)


def steps(names: st.SearchStrategy[Step], most: int) -> st.SearchStrategy[list[Step]]:
    return st.lists(names, max_size=most)


simple = st.tuples(st.sampled_from(SIMPLE), st.none())


def launches(
    weather: st.SearchStrategy[Weather], meanwhile: st.SearchStrategy[list[Step]]
) -> st.SearchStrategy[Step]:
    return st.tuples(st.just("launch"), st.tuples(weather, st.booleans(), meanwhile))


# A launch is cut off before long. Of two at once only one is killed: what the other one is answered would have to be
# doubted even when nobody is known to have been there, and every throttled launch be followed by two searches.
briefly = simple.filter(lambda step: step[0] != "a minute")
survived = st.sampled_from([weather for weather in Weather if weather is not Weather.KILLED])
meanwhile = steps(briefly | launches(survived, st.just([])), 4)
anything = simple | launches(st.sampled_from(Weather), meanwhile)


@given(steps(anything, 9))
@settings(max_examples=150, deadline=None)
def test_one_container_runs_the_command_and_its_end_is_the_tasks(weather: list[Step]) -> None:
    with quick_folder() as place, closing(Database(place / "tapit.db")) as database:
        world = World(database)
        for step in weather:
            world.do(step)
            assert sum(container.runs for container in world.ecs.containers.values()) <= 1
        world.settle()
        going_on = [each for each in world.ecs.containers.values() if not each.is_over]
        task = world.task
        assert [each.arn for each in going_on] == ([] if task.is_final else [task.ecs_arn])
        world.do(("starts", None))
        world.do(("exits", None))
        world.settle()
        end = world.task
        ran = [each for each in world.ecs.containers.values() if each.ran]

    assert len(ran) <= 1
    if world.was_stopped:
        assert end.status is not Status.SUCCEEDED or ran
        assert end.status is not Status.FAILED or not ran
    else:
        assert (end.status, len(ran)) == (Status.SUCCEEDED, 1)
