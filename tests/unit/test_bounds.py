"""What a record is cut to, and that nothing is cut which fits."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.bounds import (
    LARGEST_HISTORY,
    LARGEST_PLAN,
    LARGEST_SESSIONS,
    shortened,
    size_of,
)
from chalicelib.domain.diagnosis import EndedBy
from chalicelib.domain.session import Session
from chalicelib.domain.status import Status
from chalicelib.domain.task import MOST_LINES, Change, Task, begin_attempt, observe
from chalicelib.domain.task_sessions import add_session
from tests.builders import NOON, a_running_task, a_starting_task, a_task, an_end

texts = st.text() | st.text('\x01\n"\\ü€😀', min_size=1).flatmap(
    lambda text: st.integers(1, 3000).map(lambda times: text * times)
)


@given(texts, st.integers(10, 5000))
def test_a_text_is_cut_to_its_room_and_not_below(text: str, most: int) -> None:
    cut = shortened(text, most)

    assert size_of(cut) <= most
    if size_of(text) <= most:
        assert cut == text
    else:
        assert cut.endswith("…")
        assert text.startswith(cut[:-1])
        assert (
            size_of(text[: len(cut)]) + len("…".encode()) > most
        )  # one more character would not have fitted


@given(st.text())
def test_a_size_is_that_of_the_record_s_own_json(text: str) -> None:
    assert size_of(text) == len(json.dumps(text, ensure_ascii=False).encode())
    with_text, without = a_task(command=text), a_task(command="")
    assert size_of(text) - 2 == len(with_text.model_dump_json().encode()) - len(
        without.model_dump_json().encode()
    )


def test_aws_s_own_words_are_kept_whole() -> None:
    reason = "CannotPullContainerError: " + "x" * 2000

    ended = observe(a_starting_task(), an_end(stop_code="TaskFailedToStart", reason=reason), NOON)

    assert ended.reason == reason
    assert ended.diagnosis is not None
    assert reason in ended.diagnosis.what


def test_a_history_without_end_keeps_its_beginning_and_its_end() -> None:
    task = a_task()
    for number in range(10 * MOST_LINES):
        task = task.moved(Status.STARTING, NOON, why=f"{number} {'€' * 500}")

    assert task.history[0] == Change(status=Status.PENDING, time=NOON)
    assert task.history[-1].why is not None
    assert task.history[-1].why.startswith(f"{10 * MOST_LINES - 1} ")
    assert len(task.history) <= MOST_LINES
    assert bytes_of(task, "history") <= LARGEST_HISTORY + 2


@given(st.integers(0, 120), st.sampled_from(["vi", "\x01" * 7000, "😀" * 7000]))
def test_sessions_that_nobody_ended_take_no_more_than_their_room(number: int, command: str) -> None:
    task = a_running_task(interactive=True)
    for each in range(number):
        session = Session(
            id=f"ecs-execute-command-{each:017}", command=command, opened_by="alice", opened_at=NOON
        )
        task = add_session(task, session)

    assert bytes_of(task, "sessions") <= LARGEST_SESSIONS + 2
    assert not number or task.sessions[-1].id.endswith(f"{number - 1:017}")


def test_a_plan_that_is_too_large_to_be_kept_ends_the_task_and_says_so() -> None:
    task = begin_attempt(a_task(), {"run_task": {"x": "€" * LARGEST_PLAN}}, NOON)

    assert (task.status, task.ended_by, task.launch) == (Status.FAILED, EndedBy.START_FAILURE, None)
    assert "too large" in (task.reason or "")


@pytest.mark.parametrize("field", ["reason", "waiting_for"])
def test_a_longer_text_of_another_version_is_cut_when_it_is_read(field: str) -> None:
    written = a_task().model_dump(mode="json") | {field: "x" * 500_000}

    assert size_of(getattr(Task.model_validate_json(json.dumps(written)), field)) <= 4096


def bytes_of(task: Task, field: str) -> int:
    kept: Any = json.loads(task.model_dump_json())[field]
    return len(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode())
