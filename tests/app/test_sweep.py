"""The sweep keeps every promise when timers and news were lost."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.domain.errors import TapitError, Unanswered
from chalicelib.domain.sighting import Passing
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task, accept_launch, begin_attempt, observe
from chalicelib.ports import Services
from chalicelib.usecases.sweep import PAGE, ROTATION, sweep
from tests.builders import ARN, NOON, TASK_ID, a_running_task, a_start_failure, a_task
from tests.home_in_process import HomeInProcess, home_in_process
from tests.stores import rewrite_in


@dataclass
class SetClock:
    """Tells what it was set to."""

    time: datetime = NOON

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


class Beginnings:
    """A lifecycle that keeps a list of what it was asked to begin; it may be told not to answer."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.launched: list[str] = []
        self.answers = True

    def begin(self, task: Task) -> None:
        self.begun.append(task.id)
        if not self.answers:
            raise Unanswered("nobody there")

    def launch_again(self, task: Task) -> None:
        self.launched.append(task.id)
        if not self.answers:
            raise Unanswered("nobody there")

    def limit_changed(self, task: Task) -> None:
        """Nothing here runs."""


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[HomeInProcess]:
    with home_in_process(tmp_path) as home:
        yield home


@pytest.fixture
def beginnings() -> Beginnings:
    return Beginnings()


def swept(services: Services, after_id: str | None = None) -> str | None:
    """Sweep one page, without a problem."""
    problems: list[TapitError] = []
    after = sweep(services, after_id, problems.append)
    assert problems == []
    return after


def at(inside: HomeInProcess, beginnings: Beginnings, passed: timedelta) -> Services:
    return replace(inside.services, clock=SetClock(NOON + passed), lifecycle=beginnings)


def kept(inside: HomeInProcess, task: Task) -> Task:
    return inside.services.tasks.create(task, None, None)


@pytest.mark.parametrize(
    ("passed", "is_begun"), [(timedelta(seconds=60), False), (timedelta(seconds=61), True)]
)
def test_a_task_that_nobody_launched_for_a_minute_is_begun(
    inside: HomeInProcess,
    beginnings: Beginnings,
    passed: timedelta,
    is_begun: bool,  # noqa: FBT001
) -> None:
    task = kept(inside, a_task())

    swept(at(inside, beginnings, passed))

    assert beginnings.begun == ([task.id] if is_begun else [])


def test_a_beginning_that_is_not_answered_does_not_stop_the_sweep(
    inside: HomeInProcess, beginnings: Beginnings
) -> None:
    made = [kept(inside, a_task(id=f"1jd3m8k7x2q{n}")).id for n in "abc"]
    beginnings.answers = False

    swept(at(inside, beginnings, timedelta(minutes=2)))

    assert beginnings.begun == made


def test_a_task_whose_container_failed_to_start_is_launched_again(
    inside: HomeInProcess, beginnings: Beginnings
) -> None:
    """Its execution sleeps until the task should have started."""
    asked = begin_attempt(a_task(), {"driver": "process"}, NOON, NOON + timedelta(hours=1))
    failed = a_start_failure(passing=Passing.CLUSTERS, attempt=1)
    task = kept(inside, observe(accept_launch(asked, ARN, NOON), failed, NOON))
    other = kept(inside, a_task(id="1jd3m8k7x2qa"))

    swept(at(inside, beginnings, timedelta(minutes=2)))

    assert beginnings.launched == [task.id]
    assert other.id in beginnings.begun


def test_a_launch_that_is_not_answered_does_not_stop_the_sweep(
    inside: HomeInProcess, beginnings: Beginnings
) -> None:
    asked = begin_attempt(a_task(), {"driver": "process"}, NOON, NOON + timedelta(hours=1))
    kept(inside, observe(asked, a_start_failure(passing=Passing.CLUSTERS, attempt=1), NOON))
    beginnings.answers = False

    swept(at(inside, beginnings, timedelta(minutes=2)))

    assert beginnings.launched == [TASK_ID]


@pytest.mark.parametrize(("passed", "status"), [(60, Status.RUNNING), (60 + 2 * ROTATION, Status.LOST)])
def test_a_task_that_is_unknown_for_over_an_hour_is_lost_when_it_is_its_turn(
    inside: HomeInProcess, beginnings: Beginnings, passed: int, status: Status
) -> None:
    task = kept(inside, a_running_task())

    for minute in range(passed + 1):
        swept(at(inside, beginnings, timedelta(minutes=minute)))

    assert inside.record(task.id).status is status


@pytest.mark.parametrize(
    ("passed", "status"), [(timedelta(minutes=29), Status.RUNNING), (timedelta(minutes=30), Status.STOPPING)]
)
def test_a_task_past_its_deadline_is_stopped_and_none_before(
    inside: HomeInProcess, beginnings: Beginnings, passed: timedelta, status: Status
) -> None:
    task = kept(inside, a_running_task(max_hours=0.5))

    swept(at(inside, beginnings, passed))

    assert inside.record(task.id).status is status


def test_a_task_that_does_not_start_in_time_is_stopped_for_that(
    inside: HomeInProcess, beginnings: Beginnings
) -> None:
    asked = begin_attempt(a_task(), {"driver": "process"}, NOON)
    task = kept(inside, accept_launch(asked, ARN, NOON))

    swept(at(inside, beginnings, timedelta(minutes=15)))

    stopping = inside.record(task.id)
    assert stopping.stop_cause is not None
    assert (stopping.status, stopping.stop_cause.kind) == (Status.STOPPING, "start_timeout")


def test_a_sweep_that_finds_nothing_to_do_writes_nothing(
    inside: HomeInProcess, beginnings: Beginnings
) -> None:
    task = kept(inside, a_running_task())

    swept(at(inside, beginnings, timedelta(minutes=5)))

    assert inside.record(task.id) == task


def test_a_record_that_cannot_be_read_keeps_no_other_from_being_seen_to(
    inside: HomeInProcess, beginnings: Beginnings, tmp_path: Path
) -> None:
    made = [kept(inside, a_task(id=f"1jd3m8k7x2q{n}")).id for n in "abc"]
    rewrite_in(tmp_path, made[1], status="QUEUED")

    swept(at(inside, beginnings, timedelta(minutes=2)))

    assert beginnings.begun == [made[0], made[2]]


def test_a_sweep_of_nothing_but_such_records_ends(
    inside: HomeInProcess, beginnings: Beginnings, tmp_path: Path
) -> None:
    for n in range(3):
        rewrite_in(tmp_path, kept(inside, a_task(id=f"1jd3m8k7x2q{n}")).id, status="QUEUED")

    assert swept(at(inside, beginnings, timedelta(minutes=2))) is None


def test_a_sweep_is_bounded_and_resumes_where_it_stopped(
    inside: HomeInProcess, beginnings: Beginnings
) -> None:
    made = [kept(inside, a_task(id=f"1jd3m8k{n:05}")).id for n in range(PAGE + 2)]
    services = at(inside, beginnings, timedelta(minutes=2))

    after = swept(services)
    assert (after, beginnings.begun) == (made[PAGE - 1], made[:PAGE])

    assert swept(services, after) is None
    assert beginnings.begun == made


def test_another_try_is_left_alone_until_its_time_and_then_begun_should_its_execution_be_lost(
    inside: HomeInProcess, beginnings: Beginnings
) -> None:
    task = kept(inside, a_task(try_number=2, retries=2, not_before=NOON + timedelta(minutes=20)))

    for minute in range(20):
        swept(at(inside, beginnings, timedelta(minutes=minute)))
    begun_early = list(beginnings.begun)
    swept(at(inside, beginnings, timedelta(minutes=20)))

    assert (begun_early, beginnings.begun) == ([], [task.id])
