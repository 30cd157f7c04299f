"""How a task moves from status to status, and how it ends."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.diagnosis import EndedBy
from chalicelib.domain.errors import TaskFinished, TaskNotFinished
from chalicelib.domain.session import NOBODY_CAME
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.status import Status
from chalicelib.domain.stop_cause import StopCause
from chalicelib.domain.task import (
    KEPT_FOR,
    Task,
    accept_launch,
    begin_attempt,
    find_again,
    is_stray,
    lose,
    miss,
    observe,
    refuse_launch,
    refuse_unless_final,
    request_stop,
    set_max_hours,
    wait_for_room,
)
from tests.builders import (
    ARN,
    BY_ALICE,
    BY_DEADLINE,
    NOON,
    a_finished_task,
    a_running_task,
    a_sighting,
    a_starting_task,
    a_stopping_task,
    a_task,
    an_end,
)

PLAN = {"driver": "process"}
BY_START_TIMEOUT = StopCause(kind="start_timeout")
LATER = NOON + timedelta(minutes=5)
CODES = [0, 1, 137, 143, None]
UNHEALTHY = [
    ("TaskFailedToStart", EndedBy.START_FAILURE),
    ("SpotInterruption", EndedBy.SPOT),
    ("TerminationNotice", EndedBy.INFRASTRUCTURE),
    ("InfrastructureHealth", EndedBy.INFRASTRUCTURE),
    ("ServiceSchedulerInitiated", EndedBy.INFRASTRUCTURE),
    ("SomethingNewOfAmazons", EndedBy.INFRASTRUCTURE),
]


def outcome(task: Task) -> tuple[Status, str | None]:
    return task.status, task.ended_by


# Outcomes, row by row


@pytest.mark.parametrize("task", [a_running_task(), a_stopping_task(BY_ALICE), a_stopping_task(BY_DEADLINE)])
def test_a_task_that_exits_with_zero_succeeds_even_while_we_stop_it(task: Task) -> None:
    assert outcome(observe(task, an_end(exit_code=0), NOON)) == (Status.SUCCEEDED, EndedBy.EXIT)


@pytest.mark.parametrize("code", [1, 2, 126, 127, 137, 143, 255, None])
@pytest.mark.parametrize("task", [a_running_task(), a_stopping_task(BY_ALICE), a_stopping_task(BY_DEADLINE)])
def test_a_task_that_exits_with_anything_else_fails_even_while_we_stop_it(
    task: Task, code: int | None
) -> None:
    assert outcome(observe(task, an_end(exit_code=code), NOON)) == (Status.FAILED, EndedBy.EXIT)


@pytest.mark.parametrize("code", CODES)
def test_what_we_stopped_for_its_deadline_timed_out(code: int | None) -> None:
    end = an_end(stop_code="UserInitiated", exit_code=code)

    assert outcome(observe(a_stopping_task(BY_DEADLINE), end, NOON)) == (Status.TIMED_OUT, EndedBy.DEADLINE)


@pytest.mark.parametrize("code", CODES)
def test_what_ended_past_its_deadline_timed_out_though_we_asked_for_nothing(code: int | None) -> None:
    end = an_end(stop_code="UserInitiated", exit_code=code, stopping_at=NOON + timedelta(hours=1))

    assert outcome(observe(a_running_task(max_hours=1), end, NOON)) == (Status.TIMED_OUT, EndedBy.DEADLINE)


@pytest.mark.parametrize("code", CODES)
def test_what_a_user_stopped_is_stopped(code: int | None) -> None:
    end = an_end(stop_code="UserInitiated", exit_code=code)

    assert outcome(observe(a_stopping_task(BY_ALICE), end, NOON)) == (Status.STOPPED, EndedBy.USER)


@pytest.mark.parametrize("code", CODES)
def test_what_somebody_stopped_on_the_console_is_stopped(code: int | None) -> None:
    end = an_end(stop_code="UserInitiated", exit_code=code)

    assert outcome(observe(a_running_task(), end, NOON)) == (Status.STOPPED, EndedBy.USER)


def test_a_user_who_asked_before_the_deadline_is_the_one_who_stopped_it() -> None:
    late = an_end(stop_code="UserInitiated", stopping_at=NOON + timedelta(hours=2))

    assert observe(a_stopping_task(BY_ALICE, max_hours=1), late, NOON).status is Status.STOPPED


@pytest.mark.parametrize("code", CODES)
def test_what_did_not_start_in_time_failed(code: int | None) -> None:
    stopping = request_stop(a_starting_task(), BY_START_TIMEOUT, LATER)
    end = an_end(stop_code="UserInitiated", exit_code=code)

    assert outcome(observe(stopping, end, NOON)) == (Status.FAILED, EndedBy.START_FAILURE)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(("stop_code", "ended_by"), UNHEALTHY)
def test_what_its_surroundings_ended_failed_whatever_its_exit_code(
    stop_code: str | None, ended_by: EndedBy, code: int | None
) -> None:
    ended = observe(a_running_task(), an_end(stop_code=stop_code, exit_code=code), NOON)

    assert outcome(ended) == (Status.FAILED, ended_by)
    assert ended.diagnosis is not None


def test_a_task_killed_for_its_memory_is_said_to_be_out_of_memory() -> None:
    ended = observe(a_running_task(), an_end(exit_code=137, out_of_memory=True), NOON)

    assert outcome(ended) == (Status.FAILED, EndedBy.OUT_OF_MEMORY)


def test_the_outcome_is_known_before_the_network_is_torn_down() -> None:
    seen = an_end(is_stopped=False, exit_code=3)

    assert observe(a_running_task(), seen, NOON).status is Status.FAILED


@pytest.mark.parametrize("changes", [{"stop_code": None}, {"exit_code": None}])
def test_without_stop_code_and_exit_code_a_task_is_not_over(changes: dict[str, Any]) -> None:
    seen = an_end(is_stopped=False, **changes)

    assert observe(a_running_task(), seen, NOON).status is Status.RUNNING


def test_an_end_is_recorded_whole() -> None:
    stopped_at = NOON + timedelta(minutes=7)
    end = an_end(exit_code=3, stopped_at=stopped_at, reason="it said so", lost_output_bytes=5)

    ended = observe(a_running_task(), end, LATER)

    assert (ended.exit_code, ended.stopped_at, ended.reason) == (3, stopped_at, "it said so")
    assert (ended.expires_at, ended.lost_output_bytes) == (stopped_at + KEPT_FOR, 5)
    assert [line.status for line in ended.history] == ["PENDING", "STARTING", "RUNNING", "FAILED"]


# Sightings


@pytest.mark.parametrize("version", [1, 2], ids=["older", "repeated"])
def test_a_late_sighting_changes_nothing(version: int) -> None:
    task = a_running_task()

    assert observe(task, an_end(version=version), NOON) is task


def test_a_sighting_that_tells_nothing_new_is_not_worth_a_save() -> None:
    task = a_running_task()

    assert observe(task, a_sighting(version=4, started_at=NOON), LATER) is task
    assert observe(task, a_sighting(version=3, started_at=NOON, waiting_for="starting"), LATER) is task


def test_a_sighting_of_another_container_changes_nothing() -> None:
    task = a_running_task()

    assert observe(task, an_end(arn=ARN + "other"), NOON) is task


def test_an_event_may_come_before_we_know_our_own_container() -> None:
    asked = begin_attempt(a_task(), PLAN, NOON)

    seen = observe(asked, a_sighting(started_at=NOON), NOON)

    assert (seen.status, seen.ecs_arn) == (Status.RUNNING, ARN)


def test_accepting_a_launch_after_its_event_keeps_what_the_event_said() -> None:
    seen = observe(begin_attempt(a_task(), PLAN, NOON), an_end(), NOON)

    accepted = accept_launch(seen, ARN, LATER)

    assert (accepted.status, accepted.ecs_arn, accepted.ecs_version) == (Status.SUCCEEDED, ARN, 3)


def test_a_fast_task_skips_running() -> None:
    ended = observe(a_starting_task(), an_end(), NOON)

    assert (ended.status, ended.started_at) == (Status.SUCCEEDED, NOON)


def test_a_container_that_starts_while_we_stop_it_is_still_stopping() -> None:
    stopping = request_stop(a_starting_task(), BY_ALICE, NOON)

    seen = observe(stopping, a_sighting(started_at=NOON), NOON)

    assert (seen.status, seen.started_at) == (Status.STOPPING, NOON)


def test_the_deadline_counts_from_the_start() -> None:
    assert a_running_task(max_hours=2).deadline == NOON + timedelta(hours=2)


def test_without_a_limit_there_is_no_deadline() -> None:
    assert a_running_task(max_hours=None).deadline is None


def test_what_a_starting_task_waits_for_is_on_record_until_it_runs() -> None:
    waiting = observe(a_starting_task(), a_sighting(version=1, waiting_for="pulling the image"), NOON)
    running = observe(waiting, a_sighting(version=2, started_at=NOON), NOON)

    assert (waiting.waiting_for, running.waiting_for) == ("pulling the image", None)


# Final is final


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.STOPPED, Status.TIMED_OUT])
def test_no_sighting_moves_a_final_task(status: Status) -> None:
    final = a_running_task().but(status=status)

    assert observe(final, an_end(version=99), NOON) is final


def test_a_lost_task_that_is_seen_stopped_ends_as_it_really_did() -> None:
    lost = lose(a_running_task(), LATER)

    assert outcome(observe(lost, an_end(exit_code=0), NOON)) == (Status.SUCCEEDED, EndedBy.EXIT)


def test_a_lost_task_that_is_seen_running_stays_lost() -> None:
    lost = lose(a_running_task(), LATER)

    assert observe(lost, a_sighting(version=9, started_at=NOON), NOON) is lost


def test_a_finished_task_is_not_lost() -> None:
    finished = a_finished_task()

    assert lose(finished, LATER) is finished


# Stops


def test_the_first_cause_of_a_stop_wins() -> None:
    stopping = a_stopping_task(BY_DEADLINE)

    assert request_stop(stopping, BY_ALICE, LATER) is stopping


def test_a_task_that_was_never_launched_is_stopped_at_once() -> None:
    stopped = request_stop(a_task(), BY_ALICE, LATER)

    assert (*outcome(stopped), stopped.stopped_at) == (Status.STOPPED, EndedBy.USER, LATER)
    assert stopped.diagnosis is not None
    assert "alice" in stopped.diagnosis.what


def test_stopping_a_finished_task_changes_nothing() -> None:
    finished = a_finished_task()

    assert request_stop(finished, BY_ALICE, LATER) is finished


def test_only_the_cluster_ends_a_task_that_was_started() -> None:
    assert request_stop(a_running_task(), BY_ALICE, LATER).status is Status.STOPPING


@pytest.mark.parametrize(
    ("cause", "why"),
    [
        (BY_ALICE, "stopped by alice"),
        (BY_DEADLINE, "max_hours=24 exceeded"),
        (BY_START_TIMEOUT, "it did not start in time"),
    ],
)
def test_the_history_says_why_a_task_is_stopping(cause: StopCause, why: str) -> None:
    assert request_stop(a_running_task(), cause, LATER).history[-1].why == why


# Launches


def test_an_attempt_is_saved_before_the_cluster_is_asked() -> None:
    asked = begin_attempt(a_task(), PLAN, LATER)

    assert asked.launch is not None
    assert (asked.status, asked.launch.attempt, asked.launch.plan) == (Status.STARTING, 1, PLAN)


def test_a_new_attempt_counts_up_and_waits_for_its_own_answer() -> None:
    refused = wait_for_room(begin_attempt(a_task(), PLAN, NOON), "no capacity", NOON)
    again = begin_attempt(refused, PLAN, LATER)

    assert again.launch is not None
    assert (again.launch.attempt, again.launch.accepted_at) == (2, None)
    assert [line.status for line in again.history] == ["PENDING", "STARTING"]


@pytest.mark.parametrize("task", [a_stopping_task(), a_finished_task()], ids=["stopping", "finished"])
def test_no_attempt_is_begun_for_what_is_to_end(task: Task) -> None:
    assert begin_attempt(task, PLAN, LATER) is task


def test_an_attempt_without_an_answer_is_not_replaced_by_another() -> None:
    asked = begin_attempt(a_task(), PLAN, NOON)

    assert begin_attempt(asked, {"another": "plan"}, LATER) is asked


def test_a_stop_between_two_attempts_ends_the_task_at_once() -> None:
    refused = wait_for_room(begin_attempt(a_task(), PLAN, NOON), "no capacity", NOON)

    assert outcome(request_stop(refused, BY_ALICE, LATER)) == (Status.STOPPED, EndedBy.USER)


def test_a_stop_while_an_attempt_is_unanswered_waits_for_the_answer() -> None:
    stopping = request_stop(begin_attempt(a_task(), PLAN, NOON), BY_ALICE, LATER)

    assert stopping.status is Status.STOPPING
    assert outcome(wait_for_room(stopping, "no capacity", LATER)) == (Status.STOPPED, EndedBy.USER)


def test_a_launch_is_accepted_once() -> None:
    accepted = a_starting_task()

    assert accept_launch(accepted, ARN + "other", LATER) is accepted


def test_a_refused_launch_fails_with_the_refusal_as_its_reason() -> None:
    refused = refuse_launch(begin_attempt(a_task(), PLAN, NOON), "no such image", LATER)

    assert (*outcome(refused), refused.reason) == (Status.FAILED, EndedBy.START_FAILURE, "no such image")


def test_a_refused_launch_that_was_to_be_stopped_is_stopped() -> None:
    stopping = request_stop(begin_attempt(a_task(), PLAN, NOON), BY_ALICE, NOON)

    assert outcome(refuse_launch(stopping, "no capacity", LATER)) == (Status.STOPPED, EndedBy.USER)


def test_a_late_refusal_changes_no_finished_task() -> None:
    finished = a_finished_task()

    assert refuse_launch(finished, "too late", LATER) is finished


def test_a_pull_is_a_line_of_the_history_and_how_far_it_is_is_not() -> None:
    task = a_starting_task()
    told = ("pulling shop:1", "pulling shop:1 (1 of 3 layers)", "pulling shop:1 (2 of 3 layers)")

    for version, progress in enumerate(told, start=1):
        task = observe(task, a_sighting(version=version, waiting_for=progress, progress=progress), NOON)

    assert task.waiting_for == told[-1]
    assert [line.why for line in task.history if line.why] == ["pulling shop:1"]
    assert task.status is Status.STARTING


def test_waiting_for_capacity_is_on_record() -> None:
    waiting = wait_for_room(begin_attempt(a_task(), PLAN, NOON), "no processes left", NOON)

    assert waiting.waiting_for == "no processes left"
    assert wait_for_room(waiting, "no processes left", LATER) == waiting


def test_a_container_that_was_seen_outlives_a_refusal() -> None:
    seen = observe(begin_attempt(a_task(), PLAN, NOON), a_sighting(started_at=NOON), NOON)

    assert refuse_launch(seen, "no such image", LATER) is seen
    assert wait_for_room(seen, "no capacity", LATER) is seen


# Ends without a stop code, as in samples of events from 2017


@pytest.mark.parametrize(
    ("task", "changes", "end"),
    [
        (a_running_task(), {"exit_code": 0}, (Status.SUCCEEDED, EndedBy.EXIT)),
        (a_running_task(), {"exit_code": 3}, (Status.FAILED, EndedBy.EXIT)),
        (a_running_task(), {"exit_code": 137}, (Status.FAILED, EndedBy.EXIT)),
        (a_running_task(), {"exit_code": 137, "out_of_memory": True}, (Status.FAILED, EndedBy.OUT_OF_MEMORY)),
        (a_running_task(), {"exit_code": 143, "time_was_up": True}, (Status.TIMED_OUT, EndedBy.DEADLINE)),
        (a_running_task(), {"exit_code": None}, (Status.FAILED, EndedBy.INFRASTRUCTURE)),
        (
            a_starting_task(),
            {"exit_code": None, "started_at": None},
            (Status.FAILED, EndedBy.START_FAILURE),
        ),
        (a_stopping_task(BY_ALICE), {"exit_code": 143}, (Status.STOPPED, EndedBy.USER)),
        (a_stopping_task(BY_ALICE), {"exit_code": None}, (Status.STOPPED, EndedBy.USER)),
        (a_stopping_task(BY_ALICE), {"exit_code": 0}, (Status.SUCCEEDED, EndedBy.EXIT)),
        (a_stopping_task(BY_DEADLINE), {"exit_code": 137}, (Status.TIMED_OUT, EndedBy.DEADLINE)),
        (a_running_task(attached=True), {"exit_code": NOBODY_CAME}, (Status.FAILED, EndedBy.NOBODY_CAME)),
    ],
)
def test_an_end_without_a_stop_code_is_judged_by_its_exit_code(
    task: Task, changes: dict[str, Any], end: tuple[Status, EndedBy]
) -> None:
    assert outcome(observe(task, an_end(stop_code=None, **changes), NOON)) == end


# Strays

OTHER = ARN + "other"


@pytest.mark.parametrize(
    ("task", "seen"),
    [
        (a_running_task(), a_sighting(arn=OTHER, started_at=NOON)),
        (a_stopping_task(), a_sighting(arn=OTHER, version=1)),
        (a_finished_task(), a_sighting(arn=OTHER, version=1)),
        (refuse_launch(a_task(), "no such image", NOON), a_sighting(version=1)),
        (lose(a_running_task(), LATER), a_sighting(version=3, started_at=NOON)),
    ],
    ids=[
        "another",
        "another while stopping",
        "another after the end",
        "after a refusal",
        "after it was lost",
    ],
)
def test_a_container_that_no_record_watches_is_a_stray(task: Task, seen: Sighting) -> None:
    assert is_stray(observe(task, seen, LATER), seen)


@pytest.mark.parametrize(
    ("task", "seen"),
    [
        (a_task(), a_sighting()),
        (begin_attempt(a_task(), PLAN, NOON), a_sighting(version=0)),
        (begin_attempt(a_task(), PLAN, NOON), a_sighting(started_at=NOON)),
        (a_running_task(), a_sighting(version=1)),
        (a_running_task(), a_sighting(version=3)),
        (a_stopping_task(), a_sighting(version=3)),
        (a_finished_task(), a_sighting(version=2, started_at=NOON)),
        (a_finished_task(), a_sighting(version=3)),
        (a_finished_task(), an_end(version=4)),
        (a_running_task(), an_end(arn=OTHER)),
        (a_running_task(), a_sighting(arn=OTHER, stopping_at=NOON)),
        (lose(a_running_task(), LATER), a_sighting(version=2, started_at=NOON)),
    ],
)
def test_what_is_watched_or_ending_or_old_news_is_no_stray(task: Task, seen: Sighting) -> None:
    assert not is_stray(observe(task, seen, LATER), seen)


# Extension and removal


def test_a_new_limit_still_counts_from_the_start() -> None:
    assert set_max_hours(a_running_task(), 48, NOON).deadline == NOON + timedelta(hours=48)


@pytest.mark.parametrize("task", [a_stopping_task(), a_finished_task()], ids=["stopping", "finished"])
def test_what_is_ending_cannot_be_extended(task: Task) -> None:
    with pytest.raises(TaskFinished, match=task.status):
        set_max_hours(task, 48, NOON)


def test_a_task_whose_time_is_up_cannot_be_extended_though_it_still_runs() -> None:
    with pytest.raises(TaskFinished, match="time is up"):
        set_max_hours(a_running_task(max_hours=1), 48, NOON + timedelta(hours=1))


def test_a_task_extended_while_it_was_stopped_for_its_time_timed_out() -> None:
    """The new limit may reach its keeper too late."""
    extended = set_max_hours(a_running_task(max_hours=1), 48, NOON)
    end = an_end(stop_code="UserInitiated", exit_code=143, time_was_up=True)

    assert outcome(observe(extended, end, NOON)) == (Status.TIMED_OUT, EndedBy.DEADLINE)


@pytest.mark.parametrize("task", [a_task(), a_starting_task(), a_running_task(), a_stopping_task()])
def test_only_a_finished_task_can_be_removed(task: Task) -> None:
    with pytest.raises(TaskNotFinished, match=task.status):
        refuse_unless_final(task)


def test_a_change_of_a_record_is_validated() -> None:
    with pytest.raises(ValueError, match="status"):
        a_task().but(status="DANCING")


def test_a_task_that_is_missed_for_an_hour_is_lost_and_one_that_is_found_again_is_not() -> None:
    missed = miss(a_running_task(), NOON)
    hour = timedelta(hours=1)

    assert miss(missed, NOON + hour) is missed
    assert miss(missed, NOON + hour + timedelta(seconds=1)).status is Status.LOST
    assert miss(find_again(missed), NOON + 2 * hour).status is Status.RUNNING


def test_what_is_over_can_no_longer_be_missed() -> None:
    ended = a_finished_task()

    assert miss(ended, LATER) is ended
    assert find_again(ended) is ended
