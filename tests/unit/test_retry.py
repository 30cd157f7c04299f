"""When a task is tried again, and as what."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.diagnosis import EndedBy
from chalicelib.domain.event import TaskEvent
from chalicelib.domain.new_task import NewTask
from chalicelib.domain.retry import ASKED, DEFAULT_REASONS, checked_reason, next_try, tried_again
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task, lose, observe, refuse_launch, request_stop
from chalicelib.domain.view import rfc3339
from tests.builders import BY_ALICE, BY_DEADLINE, NOON, a_running_task, a_task, an_end

NEXT = "1jd3m8k7x2qz"
LATER = NOON + timedelta(hours=1)
INTERRUPTED = {"stop_code": "SpotInterruption", "reason": "Your Spot Task was interrupted.", "exit_code": 143}
MACHINE_GONE = {"stop_code": "TerminationNotice", "reason": "Host EC2 terminated.", "exit_code": None}


def a_retried_task(**changes: Any) -> Task:
    defaults: dict[str, Any] = {"retries": 2, "retry_on": DEFAULT_REASONS, "retry_wait": 30.0}
    return a_running_task(**{**defaults, **changes})


def after(task: Task, **end: Any) -> Task | None:
    return next_try(observe(task, an_end(**end), LATER), LATER, NEXT)


@pytest.mark.parametrize("end", [INTERRUPTED, MACHINE_GONE])
def test_what_was_not_the_commands_fault_is_tried_again_by_default(end: dict[str, Any]) -> None:
    assert after(a_retried_task(), **end) is not None


def test_a_command_that_failed_is_not_tried_again_by_default() -> None:
    assert after(a_retried_task(), exit_code=1) is None


def test_a_success_is_never_tried_again() -> None:
    assert after(a_retried_task(retry_on=("exit:1-255", *DEFAULT_REASONS)), exit_code=0) is None


@pytest.mark.parametrize(
    ("words", "exit_code", "is_met"),
    [
        (("exit:75",), 75, True),
        (("exit:75",), 7, False),
        (("exit:1-3",), 1, True),
        (("exit:1-3",), 3, True),
        (("exit:1-3",), 4, False),
        (("spot", "exit:75", "exit:1-3"), 2, True),
        (("word-of-a-newer-version", "exit:75"), 75, True),
        (("word-of-a-newer-version",), 75, False),
        ((), 75, False),
    ],
)
def test_an_exit_code_is_met_by_itself_and_by_a_range_around_it(
    words: tuple[str, ...], exit_code: int, *, is_met: bool
) -> None:
    assert (after(a_retried_task(retry_on=words), exit_code=exit_code) is not None) == is_met


def test_the_exit_code_of_a_task_that_was_interrupted_is_not_its_commands() -> None:
    assert after(a_retried_task(retry_on=("exit:143",)), **INTERRUPTED) is None


def test_lack_of_memory_is_met_by_its_exit_code() -> None:
    assert after(a_retried_task(retry_on=("exit:137",)), exit_code=137, out_of_memory=True) is not None


def test_a_lost_task_is_tried_again_where_that_is_asked_for_alone() -> None:
    lost, asked = (lose(a_retried_task(retry_on=words), LATER) for words in (DEFAULT_REASONS, ("lost",)))

    assert next_try(lost, LATER, NEXT) is None
    assert next_try(asked, LATER, NEXT) is not None


def test_a_task_that_could_not_be_started_is_not_tried_again() -> None:
    every = (*DEFAULT_REASONS, "lost", "exit:1-255")
    task = a_task(retries=2, retry_on=every)

    assert next_try(refuse_launch(task, "no such image", LATER), LATER, NEXT) is None


@pytest.mark.parametrize("cause", [BY_ALICE, BY_DEADLINE])
@pytest.mark.parametrize(
    "end", [INTERRUPTED, MACHINE_GONE, {"exit_code": 75}, {"stop_code": "UserInitiated", "exit_code": 143}]
)
def test_what_was_asked_to_end_is_never_tried_again(cause: Any, end: dict[str, Any]) -> None:
    task = a_retried_task(retry_on=(*DEFAULT_REASONS, "lost", "exit:1-255"))
    stopping = request_stop(task, cause, NOON)

    assert after(stopping, **end) is None
    assert next_try(lose(stopping, LATER), LATER, NEXT) is None


def test_a_task_that_ended_when_its_time_was_up_is_never_tried_again() -> None:
    task = a_retried_task(retry_on=("exit:1-255",), max_hours=1.0)

    assert after(task, exit_code=75, stopped_at=NOON + timedelta(hours=1)) is None
    assert after(task, exit_code=75, stopped_at=NOON + timedelta(minutes=59)) is not None


def test_a_next_try_that_was_stopped_while_it_waited_has_no_other() -> None:
    following = after(a_retried_task(), **INTERRUPTED)
    assert following is not None

    stopped = request_stop(following, BY_ALICE, LATER)

    assert stopped.status is Status.STOPPED
    assert next_try(stopped, LATER, NEXT) is None


def test_there_are_as_many_tries_as_were_asked_for_and_each_knows_those_before() -> None:
    task, ids = a_retried_task(retries=2), ["try-2", "try-3", "try-4"]
    tries: list[Task] = []
    following: Task | None = task
    while following is not None:
        ended = lose(following.but(retry_on=("lost",)), LATER)
        tries.append(following)
        following = next_try(ended, LATER, ids.pop(0))

    assert [each.try_number for each in tries] == [1, 2, 3]
    assert [each.retry_of for each in tries] == [None, task.id, "try-2"]
    assert [(each.id, each.status) for each in tries[-1].earlier_tries] == [
        (task.id, "LOST"),
        ("try-2", "LOST"),
    ]


def test_an_end_is_followed_once_however_often_it_is_seen() -> None:
    lost = lose(a_retried_task(retry_on=("lost", "spot")), LATER)
    following = next_try(lost, LATER, NEXT)
    assert following is not None

    seen_after_all = observe(tried_again(lost, following), an_end(**INTERRUPTED), LATER)

    assert seen_after_all.ended_by == EndedBy.SPOT
    assert next_try(seen_after_all, LATER, "another") is None


def test_a_next_try_is_a_new_task_that_waits_and_of_which_nothing_has_happened() -> None:
    task = a_retried_task(environment={"A": "1"}, docker_tag="v3", interactive=True)

    following = after(task, **INTERRUPTED)

    assert following is not None
    asked = {name: getattr(task, name) for name in ASKED}
    new = a_task(**asked, id=NEXT, created_at=LATER, try_number=2, earlier_tries=following.earlier_tries)
    due = LATER + timedelta(seconds=30)
    happened = {"not_before": due, "waiting_for": f"the 30s between two tries, until {rfc3339(due)}"}
    assert following == new.but(history=following.history, **happened)
    assert following.environment == {"A": "1"}
    assert following.history[0].why == f"attempt 2 of 3, retry of {task.id}"
    assert TaskEvent.of(following) is not None


def test_a_next_try_has_nothing_of_what_only_a_newer_version_knows() -> None:
    """It may be what became of the try before, and not what was asked for."""
    task = Task.model_validate(a_retried_task().model_dump() | {"paused_at": NOON})

    following = after(task, **INTERRUPTED)

    assert following is not None
    assert following.model_extra == {}


def test_every_field_of_a_task_is_either_asked_for_again_or_what_became_of_a_try() -> None:
    """Whoever adds a field puts it into ASKED, or in here."""
    of_the_try = {
        *("id", "created_at", "try_number", "earlier_tries", "retried_by", "not_before", "if_locked"),
        *("status", "started_at", "stopped_at", "deadline", "exit_code", "stop_cause", "ended_by", "reason"),
        *("waiting_for", "waits_until", "diagnosis", "lost_output_bytes", "launch", "ecs_arn", "ecs_version"),
        *("unknown_since", "failing_since", "history", "sessions", "revision", "status_revision"),
        *("previous_status", "expires_at"),
    }

    assert ASKED | of_the_try == Task.model_fields.keys()
    assert not ASKED & of_the_try
    assert NewTask.model_fields.keys() & Task.model_fields.keys() - ASKED == {"if_locked"}


def test_what_to_do_about_a_task_that_was_tried_again_is_to_look_at_the_next_try() -> None:
    ended = observe(a_retried_task(), an_end(**INTERRUPTED), LATER)
    following = next_try(ended, LATER, NEXT)
    assert following is not None

    told = tried_again(ended, following)

    assert told.retried_by == NEXT
    assert told.diagnosis is not None
    assert told.diagnosis.next == (
        f"It was tried again as task {NEXT}, attempt 2 of 3. How that went: tapit show task task={NEXT}"
    )


@given(st.integers(1, 255), st.integers(1, 255), st.integers(1, 255))
def test_a_range_is_met_by_what_is_between_its_ends(first: int, last: int, exit_code: int) -> None:
    first, last = sorted((first, last))
    task = a_retried_task(retry_on=(checked_reason(f"exit:{first}-{last}"),))

    assert (after(task, exit_code=exit_code) is not None) == (first <= exit_code <= last)


NO_REASONS = (
    "Spot|75|deadline|user|exit|exit:|exit:x|exit: 1|exit:0|exit:256|exit:3-1|exit:0-3|exit:1-300|exit:-1"
)


@pytest.mark.parametrize(
    "word", ["", "exit:1-2-3", "exit:1\n", "exit:\N{ARABIC-INDIC DIGIT ONE}", *NO_REASONS.split("|")]
)
def test_another_word_is_refused_with_those_that_are_known(word: str) -> None:
    with pytest.raises(ValueError, match="infrastructure, spot, lost, exit:N or exit:N-M"):
        checked_reason(word)
