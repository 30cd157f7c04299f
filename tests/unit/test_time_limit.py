"""When a task is looked at again, and when its time is up: never early."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.task import Task, observe
from chalicelib.domain.time_limit import A_DAY, LOOK_AGAIN, SOON, START_TIMEOUT, next_wake, overdue
from tests.builders import NOON, a_running_task, a_sighting, a_starting_task, a_stopping_task, a_task

A_SECOND = timedelta(seconds=1)
LOOKS_AT_A_LONG_STOP = 75
A_MOMENT = timedelta(microseconds=1)

moments = st.timedeltas(timedelta(0), timedelta(days=400)).map(lambda passed: NOON + passed)
limits = st.none() | st.floats(0.0001, 8760)


def tasks_with(max_hours: float | None) -> list[Task]:
    return [
        a_task(max_hours=max_hours),
        a_starting_task(max_hours=max_hours),
        a_running_task(max_hours=max_hours),
        a_stopping_task(max_hours=max_hours),
    ]


@given(limits, moments, st.integers(0, 3))
def test_the_next_look_is_at_a_whole_second_and_at_least_one_ahead(
    max_hours: float | None, now: datetime, which: int
) -> None:
    wake = next_wake(tasks_with(max_hours)[which], now)

    assert wake.microsecond == 0
    assert wake >= now + A_SECOND


@given(st.floats(0.0001, 8760), moments)
def test_a_running_task_is_looked_at_when_its_time_is_up_and_never_before(
    max_hours: float, now: datetime
) -> None:
    task = a_running_task(max_hours=max_hours)
    assert task.deadline is not None

    wake = next_wake(task, now)

    assert wake >= task.deadline
    assert wake < max(task.deadline, now + A_SECOND) + A_SECOND


@given(limits, moments)
def test_a_running_task_is_overdue_exactly_from_its_deadline_on(
    max_hours: float | None, now: datetime
) -> None:
    task = a_running_task(max_hours=max_hours)

    is_past = task.deadline is not None and now >= task.deadline
    assert overdue(task, now) == ("deadline" if is_past else None)


@pytest.mark.parametrize(("early", "verdict"), [(A_MOMENT, None), (timedelta(0), "deadline")])
def test_the_deadline_is_exact(early: timedelta, verdict: str | None) -> None:
    task = a_running_task(max_hours=2)

    assert overdue(task, NOON + timedelta(hours=2) - early) == verdict


def test_a_task_without_a_limit_is_looked_at_daily_and_never_overdue() -> None:
    task = a_running_task(max_hours=None)

    assert next_wake(task, NOON) == NOON + A_DAY
    assert overdue(task, NOON + 1000 * A_DAY) is None


@given(st.floats(1, 60), st.floats(0, 120))
def test_a_limit_of_seconds_is_kept_though_no_event_tells_of_the_start(limit: float, start: float) -> None:
    """Each look sees what the container is then, as DescribeTasks shows it."""
    started_at, now = NOON + timedelta(seconds=start), NOON
    task = a_starting_task(max_hours=limit / 3600)
    while not overdue(task, now):
        if now >= started_at:
            task = observe(task, a_sighting(started_at=started_at), now)
        now = next_wake(task, now)

    assert task.deadline is not None
    assert task.deadline <= now < task.deadline + 2 * SOON


@given(limits, moments)
def test_a_task_that_was_not_accepted_yet_is_looked_at_within_its_limit(
    max_hours: float | None, now: datetime
) -> None:
    longest = A_DAY if max_hours is None else timedelta(hours=max_hours)

    wake = next_wake(a_task(max_hours=max_hours), now)

    assert now + SOON <= wake < now + max(longest, SOON) + A_SECOND


def test_an_accepted_task_is_looked_at_when_it_should_have_started() -> None:
    assert next_wake(a_starting_task(), NOON) == NOON + START_TIMEOUT


@pytest.mark.parametrize(("early", "verdict"), [(A_MOMENT, None), (timedelta(0), "start_timeout")])
def test_a_task_has_fifteen_minutes_to_start(early: timedelta, verdict: str | None) -> None:
    assert overdue(a_starting_task(), NOON + timedelta(minutes=15) - early) == verdict


def test_a_task_that_waits_for_its_launch_is_not_late_to_start() -> None:
    assert overdue(a_task(), NOON + timedelta(days=2)) is None


def test_a_task_that_started_at_last_is_no_longer_late_to_start() -> None:
    late = NOON + timedelta(minutes=20)

    started = observe(a_starting_task(), a_sighting(started_at=late), late)

    assert overdue(started, late) is None


def test_a_stopping_task_is_looked_at_a_minute_later() -> None:
    assert next_wake(a_stopping_task(), NOON) == NOON + LOOK_AGAIN


def test_a_task_that_never_stops_is_looked_at_less_and_less() -> None:
    task, wakes = a_stopping_task(), [NOON]
    while wakes[-1] < NOON + timedelta(days=365):
        wakes.append(next_wake(task, wakes[-1]))

    assert wakes[6] <= NOON + timedelta(minutes=7)
    assert len(wakes) < LOOKS_AT_A_LONG_STOP
