"""A launch may be repeated at any point, by anybody, and starts one container."""

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.app import App
from chalicelib.domain.errors import NotDone, RefusedForGood, RefusedForNow, Unanswered, Unreadable
from chalicelib.domain.patience import FAILS_FOR, REPEATED_FOR, UNDER_WAY_FOR
from chalicelib.domain.sighting import Passing
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task
from chalicelib.ports import Services
from chalicelib.usecases.launch import begin_life, launch_task
from chalicelib.usecases.observe import record_sighting
from chalicelib.usecases.stop import stop_task
from local.store.database import Database
from local.store.task_store import SqliteTaskStore
from tests.builders import NOON, a_sighting, a_start_failure, a_task, an_app, services_with
from tests.dynamodb_table import SetClock
from tests.quick_folder import quick_folder

BUSY = Unanswered("AWS is busy")
FULL = RefusedForNow("Capacity is unavailable")
DENIED = RefusedForGood("AWS refused: AccessDeniedException")


@dataclass
class ScriptedCluster:
    """Remembers tokens as ECS does: an attempt that started a container has the same answer for ever.

    Each refusal is answered once; one in `lost` starts the container and loses the answer, and with a refusal as the
    answer it is a container that starts though it was refused.
    """

    answers: list[NotDone] = field(default_factory=list)
    refused_plans: list[NotDone] = field(default_factory=list)
    lost: bool = False
    unseen: bool = False
    plans: int = 0
    started: dict[str, str] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    def plan(self, task: Task, app: App) -> dict[str, Any]:  # noqa: ARG002 - the port's shape
        if self.refused_plans:
            raise self.refused_plans.pop(0)
        self.plans += 1
        return {"number": self.plans}

    def start(self, task: Task, app: App) -> str:  # noqa: ARG002 - the port's shape
        assert task.launch is not None
        token = f"{task.id}-{task.launch.attempt}"
        if token not in self.started and self.answers and not self.lost:
            raise self.answers.pop(0)
        self.started.setdefault(token, f"arn:aws:ecs:x:1:task/prod/{token}")
        if self.answers:
            raise self.answers.pop(0)
        return self.started[token]

    def find(self, task: Task) -> str | None:
        assert task.launch is not None
        if self.unseen:
            raise Unanswered("may not look")
        return self.started.get(f"{task.id}-{task.launch.attempt}")

    def stop(self, task: Task, reason: str) -> None:  # noqa: ARG002 - the port's shape
        assert task.ecs_arn is not None
        self.stopped.append(task.ecs_arn)

    def stop_stray(self, arn: str, reason: str) -> None:  # noqa: ARG002 - the port's shape
        self.stopped.append(arn)


class OneApp:
    def __init__(self, app: App) -> None:
        self._app = app

    def get(self, name: str) -> App:  # noqa: ARG002 - the port's shape
        return self._app


@dataclass
class World:
    services: Services
    cluster: ScriptedCluster
    clock: SetClock

    def launch(self, answer: type[NotDone] | None = None) -> Task:
        if answer is None:
            return launch_task(self.services, a_task().id)
        with pytest.raises(answer):
            launch_task(self.services, a_task().id)
        return self.services.tasks.get(a_task().id)


@contextmanager
def a_world(place: Path, **app: Any) -> Iterator[World]:
    cluster, clock = ScriptedCluster(), SetClock()
    asked: Any = cluster  # launching neither looks nor forgets
    apps: Any = OneApp(an_app(**app))
    database = Database(place / "tapit.db")
    store = SqliteTaskStore(database, clock, lambda _: None)
    services = services_with(
        tasks=store,
        apps=apps,
        cluster=asked,
        clock=clock,
    )
    store.create(a_task(), None, None)
    with closing(database):
        yield World(services, cluster, clock)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path) as world:
        yield world


def test_the_plan_is_on_record_before_the_cluster_is_asked(world: World) -> None:
    world.cluster.answers = [BUSY]

    asked = world.launch(Unanswered)

    assert asked.launch is not None
    assert (asked.status, asked.launch.attempt, asked.waiting_for) == (Status.STARTING, 1, "AWS is busy")


def test_silence_repeats_the_same_plan_and_attempt(world: World) -> None:
    world.cluster.answers = [BUSY, BUSY]
    world.launch(Unanswered)
    world.launch(Unanswered)

    task = world.launch()

    assert (world.cluster.plans, list(world.cluster.started)) == (1, [f"{task.id}-1"])
    assert (task.ecs_arn, task.waiting_for) == (world.cluster.started[f"{task.id}-1"], None)


def test_a_refusal_for_now_is_a_new_attempt_with_a_new_plan(world: World) -> None:
    world.cluster.answers = [FULL]
    waiting = world.launch(RefusedForNow)
    assert waiting.waiting_for == "Capacity is unavailable"

    task = world.launch()

    assert (world.cluster.plans, list(world.cluster.started)) == (2, [f"{task.id}-2"])


def test_a_task_waits_for_capacity_as_long_as_its_app_says(tmp_path: Path) -> None:
    with a_world(tmp_path, queue_timeout=600.0) as world:
        world.cluster.answers = [FULL, FULL]
        world.clock.time = NOON + timedelta(seconds=600)
        world.launch(RefusedForNow)

        world.clock.time = NOON + timedelta(seconds=601)
        task = world.launch()

    assert (task.status, task.reason) == (Status.FAILED, "Capacity is unavailable")


A_MOMENT = timedelta(
    minutes=6
)  # the longest that an unanswered call is repeated beyond that, and a step of the clock


@pytest.mark.parametrize("queue_timeout", [0.0, 600.0, 3600.0, 172_800.0])
@pytest.mark.parametrize("weather", [[FULL], [BUSY], [BUSY, FULL], [FULL, BUSY, BUSY]], ids=str)
def test_whatever_is_answered_a_task_waits_as_long_as_its_app_says(
    tmp_path: Path, queue_timeout: float, weather: list[NotDone]
) -> None:
    step = timedelta(seconds=max(60.0, queue_timeout / 200))
    with a_world(tmp_path, queue_timeout=queue_timeout) as world:
        answers = cycle(weather)
        task = world.services.tasks.get(a_task().id)
        while not task.is_final:
            world.clock.time += step
            world.cluster.answers = [next(answers)]
            with suppress(NotDone):
                launch_task(world.services, task.id)
            task = world.services.tasks.get(task.id)

    assert task.status is Status.FAILED
    assert task.stopped_at is not None
    waited = task.stopped_at - task.created_at
    assert timedelta(seconds=queue_timeout) < waited <= timedelta(seconds=queue_timeout) + step + A_MOMENT
    assert task.diagnosis is not None
    assert "attempts" in task.diagnosis.what or queue_timeout < 3600


def test_a_plan_that_is_refused_for_now_is_waited_for_and_says_so(world: World) -> None:
    """Before anything is asked of the cluster: its service cannot be read, a definition not be registered."""
    world.cluster.refused_plans = [FULL, BUSY]

    assert world.launch(RefusedForNow).waiting_for == "Capacity is unavailable"
    assert world.launch(Unanswered).waiting_for == "AWS is busy"
    assert world.launch().launch is not None


def test_a_plan_that_is_refused_for_good_ends_the_task(world: World) -> None:
    world.cluster.refused_plans = [DENIED]

    assert world.launch().status is Status.FAILED


def test_a_container_that_cannot_be_looked_for_is_not_taken_for_none(world: World) -> None:
    world.cluster.answers, world.cluster.unseen = [BUSY, DENIED], True
    world.launch(Unanswered)

    waiting = world.launch(Unanswered)

    assert (waiting.status, waiting.waiting_for) == (Status.STARTING, "may not look")
    world.cluster.unseen, world.cluster.answers = False, [DENIED]
    assert world.launch().status is Status.FAILED


def test_a_task_of_which_nobody_can_learn_whether_it_was_started_is_lost_in_the_end(world: World) -> None:
    world.cluster.answers, world.cluster.unseen = [BUSY], True
    world.launch(Unanswered)
    world.clock.time = NOON + timedelta(hours=2, minutes=-1)
    world.launch(Unanswered)

    world.clock.time = NOON + timedelta(hours=2, minutes=6)
    task = world.launch()

    assert (task.status, task.reason) == (Status.LOST, "may not look")


def test_a_refusal_for_good_ends_the_task_with_a_next_step(world: World) -> None:
    world.cluster.answers = [DENIED]

    task = world.launch()

    assert task.status is Status.FAILED
    assert task.diagnosis is not None
    assert "AccessDeniedException" in task.diagnosis.what
    assert "PassableRoles" in task.diagnosis.next


def test_a_refusal_after_a_lost_answer_adopts_what_was_started(world: World) -> None:
    world.cluster.answers, world.cluster.lost = [BUSY, DENIED], True
    world.launch(Unanswered)

    task = world.launch()

    assert (task.status, task.ecs_arn) == (Status.STARTING, world.cluster.started[f"{task.id}-1"])


@pytest.mark.parametrize("was_started", [True, False], ids=["started", "not started"])
def test_an_attempt_that_was_never_answered_is_not_repeated_after_the_tokens_life(
    world: World,
    was_started: bool,  # noqa: FBT001
) -> None:
    world.cluster.answers, world.cluster.lost = [BUSY], was_started
    world.launch(Unanswered)
    world.clock.time = NOON + REPEATED_FOR + timedelta(seconds=1)

    if not was_started:
        world.launch(RefusedForNow)
    task = world.launch()

    assert task.launch is not None
    assert (task.status, task.launch.attempt) == (Status.STARTING, 1 if was_started else 2)
    assert len(world.cluster.started) == 1


def test_an_event_that_is_faster_than_the_answer_is_the_answer(world: World) -> None:
    world.cluster.answers, world.cluster.lost = [BUSY], True
    asked = world.launch(Unanswered)
    arn = world.cluster.started[f"{asked.id}-1"]
    record_sighting(world.services, asked.id, a_sighting(version=2, arn=arn, started_at=NOON))

    task = world.launch()

    assert task.launch is not None
    assert (task.status, task.launch.accepted_at) == (Status.RUNNING, NOON)


def test_a_stop_while_nobody_knows_learns_of_the_container_and_stops_it(world: World) -> None:
    world.cluster.answers, world.cluster.lost = [BUSY], True
    asked = world.launch(Unanswered)
    stop_task(world.services, asked.id, by="alice")

    task = world.launch()

    assert task.status is Status.STOPPING
    assert world.cluster.stopped == [task.ecs_arn]


def test_a_stop_before_an_answered_refusal_ends_the_task(world: World) -> None:
    world.cluster.answers = [BUSY, FULL]
    asked = world.launch(Unanswered)
    stop_task(world.services, asked.id, by="alice")
    world.clock.time += UNDER_WAY_FOR

    assert world.launch().status is Status.STOPPED
    assert world.cluster.started == {}


def test_a_refusal_says_nothing_of_an_earlier_call_that_may_still_be_under_way(world: World) -> None:
    """As when a launch was cut off, and another one is throttled before anybody sees what the first has started."""
    world.cluster.answers = [BUSY, FULL]
    world.launch(Unanswered)

    waiting = world.launch(RefusedForNow)

    assert waiting.launch is not None
    assert (waiting.launch.is_unanswered, waiting.waiting_for) == (True, "Capacity is unavailable")
    assert world.launch().launch == waiting.launch.but(accepted_at=NOON)


class Surprising:
    """Fails as nobody foresaw: with a fault of ours, or an answer that we cannot read. `at` is where."""

    def __init__(self, cluster: ScriptedCluster, at: str) -> None:
        self._cluster = cluster
        self._at = at

    def __getattr__(self, name: str) -> Any:
        if name == self._at:
            raise KeyError("hunter2")
        return getattr(self._cluster, name)


def fail(world: World, at: str) -> Task:
    surprising: Any = Surprising(world.cluster, at)
    with pytest.raises(KeyError):
        launch_task(replace(world.services, cluster=surprising), a_task().id)
    return world.services.tasks.get(a_task().id)


def test_a_launch_that_fails_unforeseen_says_so_meanwhile_and_tells_no_secret(world: World) -> None:
    task = fail(world, at="plan")

    assert task.status is Status.PENDING
    assert task.waiting_for is not None
    assert task.waiting_for.startswith("tapit itself failed: KeyError in test_launch.py, line ")
    assert world.launch().ecs_arn is not None


@pytest.mark.parametrize(("at", "status"), [("plan", Status.FAILED), ("start", Status.LOST)])
def test_a_launch_that_always_fails_unforeseen_is_given_up_after_an_hour(
    world: World, at: str, status: Status
) -> None:
    """Of one that failed before anything was asked it is known that nothing runs."""
    fail(world, at)
    world.clock.time = NOON + timedelta(minutes=30)
    assert not fail(world, at).is_final

    world.clock.time = NOON + FAILS_FOR + timedelta(seconds=1)
    world.cluster.unseen = True
    task = fail(world, at) if at == "plan" else world.launch(Unanswered)
    if at == "start":  # by now it is only looked for what was started
        world.clock.time = NOON + timedelta(hours=2, minutes=6)
        task = world.launch()

    assert task.status is status
    assert task.diagnosis is not None
    assert "report" in task.diagnosis.next or status is Status.LOST


def test_an_answer_ends_the_hour_that_launches_may_fail(world: World) -> None:
    fail(world, at="plan")
    world.cluster.answers = [FULL]
    assert world.launch(RefusedForNow).failing_since is None

    world.clock.time = NOON + FAILS_FOR + timedelta(minutes=-1)
    assert not fail(world, at="plan").is_final


def test_a_task_whose_app_cannot_be_read_is_given_up_and_says_so(world: World) -> None:
    class Broken:
        def get(self, name: str) -> App:
            raise Unreadable(f"app {name}", "secrets: is no map")

    apps: Any = Broken()
    services = replace(world.services, apps=apps)
    for minutes in (0, 61):
        world.clock.time = NOON + timedelta(minutes=minutes)
        with pytest.raises(Unreadable):
            launch_task(services, a_task().id)

    task = world.services.tasks.get(a_task().id)
    assert task.status is Status.FAILED
    assert "app shop" in (task.reason or "")


@pytest.mark.parametrize(
    ("was_tried", "hours", "status"),
    [(True, 2, Status.FAILED), (True, 0, Status.STARTING), (False, 2, Status.STARTING)],
)
def test_a_task_whose_launches_were_all_killed_is_given_up_when_its_time_is_over(
    world: World,
    was_tried: bool,  # noqa: FBT001
    hours: int,
    status: Status,
) -> None:
    """Nothing is written down of one that is killed before it has a plan; one that comes late is tried all the same."""
    world.clock.time = NOON + timedelta(hours=hours)

    task = launch_task(world.services, a_task().id, was_tried=was_tried)

    assert (task.status, len(world.cluster.started)) == (status, int(status is Status.STARTING))


def test_a_task_that_was_removed_has_no_life(world: World) -> None:
    world.services.tasks.remove(a_task())

    assert begin_life(world.services, a_task().id) is None


def seen_running(world: World, arn: str, version: int = 2) -> Task | None:
    seen = a_sighting(version=version, arn=arn, attempt=attempt_of(arn), started_at=NOON)
    return record_sighting(world.services, a_task().id, seen)


def seen_failing(world: World, arn: str) -> Task | None:
    """It never started, for a reason that passes."""
    world.cluster.failed.append(arn)
    seen = a_start_failure(arn=arn, attempt=attempt_of(arn), passing=Passing.CLUSTERS)
    return record_sighting(world.services, a_task().id, seen)


def attempt_of(arn: str) -> int | None:
    number = arn.rpartition("-")[2]
    return int(number) if number.isdecimal() else None


def refused_but_started(world: World) -> str:
    """The first attempt is answered with failures alone, and starts a container after all; return its ARN."""
    world.cluster.answers, world.cluster.lost = [FULL], True
    world.launch(RefusedForNow)
    (arn,) = world.cluster.started.values()
    return arn


def test_a_container_of_an_attempt_that_was_refused_is_stopped_once_another_is_the_tasks(
    world: World,
) -> None:
    stray = refused_but_started(world)
    task = world.launch()
    assert task.ecs_arn not in (None, stray)

    seen_running(world, stray)

    assert world.cluster.stopped == [stray]
    assert world.services.tasks.get(task.id) == task


def test_a_container_of_an_attempt_that_was_refused_is_the_tasks_when_it_is_seen_first(world: World) -> None:
    arn = refused_but_started(world)
    seen_running(world, arn)

    task = world.launch()

    assert (task.status, task.ecs_arn, len(world.cluster.started)) == (Status.RUNNING, arn, 1)
    assert world.cluster.stopped == []


def test_a_launch_that_was_overtaken_by_an_earlier_attempts_container_stops_its_own(world: World) -> None:
    arn = refused_but_started(world)
    slow: Any = HeardMeanwhile(world, arn)

    task = launch_task(replace(world.services, cluster=slow), a_task().id)

    assert (task.status, task.ecs_arn) == (Status.RUNNING, arn)
    assert world.cluster.stopped == [world.cluster.started[f"{task.id}-2"]]


def test_a_container_that_is_seen_before_its_refusal_is_written_down_goes_on(world: World) -> None:
    world.cluster.answers, world.cluster.lost = [DENIED], True
    hearing: Any = HeardMeanwhile(world, f"arn:aws:ecs:x:1:task/prod/{a_task().id}-1")

    task = launch_task(replace(world.services, cluster=hearing), a_task().id)

    assert task.launch is not None
    assert (task.status, task.launch.accepted_at) == (Status.RUNNING, NOON)
    assert world.cluster.stopped == []


def test_a_container_of_a_task_that_was_given_up_is_stopped(world: World) -> None:
    world.cluster.answers = [DENIED]
    task = world.launch()
    assert task.is_final

    seen_running(world, "arn:aws:ecs:x:1:task/prod/late")

    assert world.cluster.stopped == ["arn:aws:ecs:x:1:task/prod/late"]


def test_a_container_whose_record_was_removed_is_stopped(world: World) -> None:
    arn = world.launch().ecs_arn
    assert arn is not None
    world.services.tasks.remove(world.services.tasks.get(a_task().id))

    assert seen_running(world, arn) is None

    assert world.cluster.stopped == [arn]


STEPS = st.lists(
    st.sampled_from(["busy", "full", "lost", "stop", "wait", "crash", "event", "fails"]), max_size=10
)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_whatever_the_weather_at_most_one_container_is_started_and_none_forgotten(steps: list[str]) -> None:
    with quick_folder() as place, a_world(place) as world:
        for step in steps:
            through(world, step)
        world.cluster.answers, world.cluster.lost = [], False
        task = launched_at_last(world)

    alive = set(world.cluster.started.values()) - set(world.cluster.failed)
    assert len(alive) <= 1
    assert task.is_final or task.ecs_arn in alive
    if any(step == "stop" for step in steps) and task.ecs_arn is not None:
        assert task.is_final or task.status is Status.STOPPING
        assert task.is_final or task.ecs_arn in world.cluster.stopped


def launched_at_last(world: World) -> Task:
    """An attempt that nobody answered in its time is given up by one launch, and followed by the next one's."""
    try:
        return world.launch()
    except RefusedForNow:
        return world.launch()


def through(world: World, step: str) -> None:
    task = world.services.tasks.get(a_task().id)
    token = f"{task.id}-{task.launch.attempt}" if task.launch else ""
    if step == "wait":
        world.clock.time += timedelta(minutes=20)
    elif step == "stop":
        stop_task(world.services, task.id, by="alice")
    elif step == "event" and token in world.cluster.started and not has_failed(world, token):
        seen_running(world, world.cluster.started[token])
    elif step == "fails" and token in world.cluster.started and task.started_at is None:
        seen_failing(world, world.cluster.started[token])
    elif step == "crash":
        with suppress(ZeroDivisionError, NotDone):  # one that gives the attempt up makes no call
            dying: Any = CrashAfterTheCall(world.cluster)
            launch_task(replace(world.services, cluster=dying), task.id)
    elif step in ("busy", "full", "lost", "refused but started"):
        world.cluster.answers = [BUSY if step in ("busy", "lost") else FULL]
        world.cluster.lost = step in ("lost", "refused but started")
        with suppress(NotDone):
            launch_task(world.services, task.id)
        world.cluster.answers = []


def has_failed(world: World, token: str) -> bool:
    return world.cluster.started[token] in world.cluster.failed


NEWS = st.lists(
    st.sampled_from(["busy", "full", "lost", "refused but started", "stop", "event", "fails"]), max_size=10
)


@given(NEWS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_of_all_containers_that_were_started_only_the_tasks_own_goes_on(
    steps: list[str], chance: random.Random
) -> None:
    with quick_folder() as place, a_world(place) as world:
        for step in steps:
            through(world, step)
        world.cluster.answers, world.cluster.lost = [], False
        launched_at_last(world)
        running = [arn for arn in world.cluster.started.values() for _ in range(2)]
        chance.shuffle(running)
        for arn in running:
            seen_running(world, arn)
        task = world.services.tasks.get(a_task().id)

    over = {*world.cluster.stopped, *world.cluster.failed}
    going_on = set(world.cluster.started.values()) - over
    stays = not task.is_final and task.status is not Status.STOPPING
    assert going_on == ({task.ecs_arn} if stays else set())


class HeardMeanwhile:
    """While a launch is being answered, an event tells of a container."""

    def __init__(self, world: World, arn: str) -> None:
        self.plan = world.cluster.plan
        self.stop = world.cluster.stop
        self.stop_stray = world.cluster.stop_stray
        self._world = world
        self._arn = arn

    def find(self, task: Task) -> str | None:
        """ListTasks may lag behind."""

    def start(self, task: Task, app: App) -> str:
        seen_running(self._world, self._arn)
        return self._world.cluster.start(task, app)


class CrashAfterTheCall:
    """The process dies between the cluster's answer and its being written down."""

    def __init__(self, cluster: ScriptedCluster) -> None:
        self.plan = cluster.plan
        self.find = cluster.find
        self.stop = cluster.stop
        self.stop_stray = cluster.stop_stray
        self._cluster = cluster

    def start(self, task: Task, app: App) -> str:
        self._cluster.start(task, app)
        raise ZeroDivisionError
