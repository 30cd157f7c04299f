"""A container that failed to start, and of which nothing ran, is followed by another, and leads to the same end."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.sighting import Passing, Sighting
from chalicelib.domain.status import Status
from chalicelib.domain.task import (
    MOST_FAILURES,
    Task,
    accept_launch,
    begin_attempt,
    is_stray,
    last_words,
    observe,
    request_stop,
    wait_for_answer,
    wait_for_room,
)
from chalicelib.domain.time_limit import overdue
from tests.builders import ARN, BY_ALICE, NOON, a_sighting, a_start_failure, a_task, an_end

Step = Callable[[Task], Task]

PLAN = {"driver": "process"}
UNTIL = NOON + timedelta(hours=1)
LATER = NOON + timedelta(minutes=5)


def begun(task: Task, now: datetime = NOON) -> Task:
    return begin_attempt(task, PLAN, now, UNTIL)


def arn_of(attempt: int) -> str:
    return f"{ARN}{attempt}"


def accepted(task: Task) -> Task:
    assert task.launch is not None
    return accept_launch(task, arn_of(task.launch.attempt), NOON, task.launch.attempt)


def failure(attempt: int, passing: Passing | None = Passing.CLUSTERS, **changes: Any) -> Sighting:
    return a_start_failure(arn=arn_of(attempt), attempt=attempt, passing=passing, **changes)


def failed(task: Task, passing: Passing | None = Passing.CLUSTERS, now: datetime = LATER) -> Task:
    assert task.launch is not None
    return observe(task, failure(task.launch.attempt, passing), now)


WAITING = failed(accepted(begun(a_task())))


def test_the_task_waits_for_another_attempt_and_says_why() -> None:
    reason = "Timeout waiting for network interface provisioning to complete."

    assert (WAITING.status, WAITING.waiting_for, WAITING.ecs_arn) == (
        Status.STARTING,
        f"another attempt: {reason}",
        None,
    )
    assert [line.why for line in WAITING.history] == [None, None, f"attempt 1 did not start: {reason}"]


def test_the_next_attempt_is_a_new_one_with_a_container_of_its_own() -> None:
    again = accepted(begun(WAITING, LATER))
    ran = observe(again, a_sighting(arn=arn_of(2), attempt=2, version=1, started_at=LATER), LATER)

    assert again.launch is not None
    assert (again.launch.attempt, again.launch.failed) == (2, (1,))
    assert (ran.status, ran.ecs_arn, ran.started_at) == (Status.RUNNING, arn_of(2), LATER)
    assert ran.deadline == LATER + timedelta(hours=24)


def test_the_time_to_start_counts_from_each_attempt() -> None:
    much_later = NOON + timedelta(hours=2)

    assert overdue(WAITING, much_later) is None
    assert overdue(begun(WAITING, much_later), much_later) is None
    again = accept_launch(begun(WAITING, LATER), arn_of(2), LATER, 2)
    assert overdue(again, NOON + timedelta(minutes=16)) is None
    assert overdue(again, LATER + timedelta(minutes=15)) == "start_timeout"


@pytest.mark.parametrize(("now", "status"), [(UNTIL, Status.FAILED), (LATER, Status.STARTING)])
def test_there_is_another_attempt_while_there_is_time_to_wait(now: datetime, status: Status) -> None:
    assert failed(accepted(begun(a_task())), now=now).status is status


def test_a_task_of_a_version_that_knew_no_other_attempt_fails() -> None:
    assert failed(accepted(begin_attempt(a_task(), PLAN, NOON))).status is Status.FAILED


def test_what_may_be_the_apps_own_fault_is_tried_three_times() -> None:
    task = a_task()
    for _ in range(MOST_FAILURES):
        assert task.status in (Status.PENDING, Status.STARTING)
        task = failed(accepted(begun(task)), Passing.PERHAPS)

    assert task.status is Status.FAILED
    assert task.diagnosis is not None
    assert task.diagnosis.what.startswith("It never started, in 3 attempts: Timeout")


def test_the_clusters_own_trouble_is_waited_for_and_the_history_stays_short() -> None:
    task = a_task()
    for _ in range(500):
        task = failed(accepted(begun(task)))

    assert task.status is Status.STARTING
    assert [line.why for line in task.history[2:]] == [f"attempt 500 did not start: {last_words(task)}"]


@pytest.mark.parametrize("passing", [None, Passing.CLUSTERS])
def test_a_task_that_was_to_be_stopped_is_not_tried_again(passing: Passing | None) -> None:
    stopping = request_stop(accepted(begun(a_task())), BY_ALICE, LATER)

    assert failed(stopping, passing).is_final


def test_a_stop_between_two_attempts_ends_the_task_at_once() -> None:
    assert request_stop(WAITING, BY_ALICE, LATER).status is Status.STOPPED


def test_a_container_that_started_is_no_failure_to_start() -> None:
    running = observe(accepted(begun(a_task())), a_sighting(arn=arn_of(1), attempt=1, started_at=NOON), NOON)

    assert failed(running).status is Status.FAILED


OLD_NEWS = [
    a_sighting(arn=arn_of(1), attempt=1, version=1, waiting_for="provisioning"),
    a_sighting(arn=arn_of(1), attempt=1, version=4, waiting_for="pulling the image"),
    failure(1),
    failure(1, version=6),
]


@pytest.mark.parametrize("seen", OLD_NEWS, ids=lambda seen: str(seen.version))
@pytest.mark.parametrize(
    "task",
    [WAITING, begun(WAITING, LATER), accepted(begun(WAITING, LATER)), request_stop(WAITING, BY_ALICE, LATER)],
    ids=["waiting", "asked again", "accepted", "stopped"],
)
def test_late_news_of_the_first_container_changes_nothing(task: Task, seen: Sighting) -> None:
    assert observe(task, seen, LATER) is task


@pytest.mark.parametrize("seen", OLD_NEWS, ids=lambda seen: str(seen.version))
def test_a_container_that_failed_to_start_is_no_stray(seen: Sighting) -> None:
    assert not is_stray(WAITING, seen)


def test_the_failure_of_an_attempt_that_was_refused_before_leaves_the_newest_alone() -> None:
    asked_again = begun(wait_for_room(begun(a_task()), "no room", NOON), LATER)

    heard = observe(asked_again, failure(1), LATER)

    assert heard.launch is not None
    assert (heard.launch.attempt, heard.launch.is_unanswered, heard.launch.failed) == (2, True, (1,))
    assert observe(heard, failure(1, version=6), LATER) is heard


def test_an_answer_that_comes_after_the_failure_was_seen_accepts_nothing() -> None:
    seen_first = failed(begun(a_task()))

    assert accept_launch(seen_first, arn_of(1), LATER, 1) is seen_first
    assert accept_launch(begun(seen_first, LATER), arn_of(1), LATER, 1).ecs_arn is None


@pytest.mark.parametrize("is_answered", [False, True])
def test_one_that_was_refused_before_and_then_taken_for_the_tasks_may_fail_too(is_answered: bool) -> None:  # noqa: FBT001
    asked_again = begun(wait_for_room(begun(a_task()), "no room", NOON), LATER)
    taken = observe(asked_again, a_sighting(arn=arn_of(1), attempt=1, version=1), LATER)
    assert taken.ecs_arn == arn_of(1)
    taken = (
        accept_launch(taken, arn_of(2), LATER, 2) if is_answered else taken
    )  # the second one is stopped, a stray

    heard = observe(taken, failure(1), LATER)

    assert heard.launch is not None
    assert (heard.ecs_arn, heard.is_launched, heard.launch.is_unanswered) == (None, False, not is_answered)


FIRST: list[Step] = [
    lambda task: accept_launch(task, arn_of(1), NOON, 1),
    *[lambda task, seen=seen: observe(task, seen, LATER) for seen in OLD_NEWS],
]
AGAIN: Step = lambda task: begun(task, LATER)  # noqa: E731
SECOND: list[Step] = [
    AGAIN,
    lambda task: accept_launch(task, arn_of(2), LATER, 2),
    lambda task: wait_for_answer(task, "an answer"),
    lambda task: observe(task, a_sighting(arn=arn_of(2), attempt=2, version=1), LATER),
    lambda task: observe(task, a_sighting(arn=arn_of(2), attempt=2, version=2, started_at=LATER), LATER),
]


def seeing_the_end(version: int) -> Step:
    end = an_end(
        arn=arn_of(2),
        attempt=2,
        version=version,
        started_at=LATER,
        is_stopped=version > 3,
        exit_code=3,
        stopped_at=UNTIL,
    )
    return lambda task: observe(task, end, UNTIL)


def after(task: Task, steps: Sequence[Step]) -> Task:
    for step in steps:
        task = step(task)
    return task


def several(steps: Sequence[Step]) -> st.SearchStrategy[list[Step]]:
    return st.lists(st.sampled_from(steps), max_size=8)


@given(several(FIRST), several([*FIRST, *SECOND]), several([*FIRST, *SECOND, seeing_the_end(3)]))
def test_in_whatever_order_the_news_of_two_containers_comes_the_end_is_the_second_ones(
    before: list[Step], meanwhile: list[Step], afterwards: list[Step]
) -> None:
    """What the second one does is heard of only after it was asked for, which is after the first one's failure."""
    first_failure = FIRST[3]
    end = seeing_the_end(4)
    task = after(begun(a_task()), [*before, first_failure, AGAIN, *meanwhile, end, *afterwards, end])

    in_order = after(begun(a_task()), [*FIRST, AGAIN, *SECOND, seeing_the_end(3), end])
    assert task.but(history=(), revision=1, ecs_version=0, launch=None) == in_order.but(
        history=(), revision=1, ecs_version=0, launch=None
    )
    assert (task.status, task.ecs_arn, task.exit_code) == (Status.FAILED, arn_of(2), 3)


@given(several([*FIRST, *SECOND, seeing_the_end(3)]))
def test_every_step_done_twice_is_done_once(steps: list[Step]) -> None:
    task = begun(a_task())
    for step in steps:
        task = step(task)
        assert step(task) == task
