"""How sessions come and go, and what they mean for how a task ends."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.diagnosis import EndedBy
from chalicelib.domain.errors import (
    Forbidden,
    NotInteractive,
    NotReady,
    SessionNotFound,
    SessionOver,
    TaskOver,
)
from chalicelib.domain.session import EVERYBODY_LEFT, MOST_KEPT, NOBODY_CAME, Session
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task, observe
from chalicelib.domain.task_sessions import (
    add_session,
    attend_session,
    end_session,
    refuse_foreign,
    refuse_sessions,
    refuse_unless_open,
    resume_session,
    session_of,
)
from chalicelib.domain.token import Role, Token
from tests.builders import (
    BY_DEADLINE,
    NOON,
    a_finished_task,
    a_running_task,
    a_starting_task,
    a_stopping_task,
    an_end,
)

LATER = NOON + timedelta(minutes=5)
STOPPED_BY_US: dict[str, Any] = {"stop_code": "UserInitiated", "exit_code": 143}
SAID_ENOUGH: dict[str, Any] = {"stop_code": "EssentialContainerExited", "exit_code": EVERYBODY_LEFT}


def a_session(**changes: Any) -> Session:
    return Session.model_validate({"id": "s1", "opened_by": "alice", "opened_at": NOON, **changes})


def an_attended_task(**changes: Any) -> Task:
    """An attached task with the session that runs its command."""
    return add_session(a_running_task(interactive=True, attached=True, **changes), a_session())


@pytest.mark.parametrize("command", [None, "bash"])
def test_an_attached_task_takes_sessions_while_it_runs(command: str | None) -> None:
    refuse_sessions(a_running_task(interactive=True, attached=True), command)


def test_a_task_that_was_not_started_for_sessions_takes_none() -> None:
    with pytest.raises(NotInteractive):
        refuse_sessions(a_running_task(), "bash")


def test_a_command_that_runs_by_itself_is_not_run_in_a_session_as_well() -> None:
    with pytest.raises(NotInteractive):
        refuse_sessions(a_running_task(interactive=True), None)


def test_a_task_that_starts_takes_a_session_soon() -> None:
    with pytest.raises(NotReady):
        refuse_sessions(a_starting_task(interactive=True), "bash")


@pytest.mark.parametrize("task", [a_finished_task(interactive=True), a_stopping_task(interactive=True)])
def test_a_task_that_ends_takes_no_session_any_more(task: Task) -> None:
    with pytest.raises(TaskOver):
        refuse_sessions(task, "bash")


@pytest.mark.parametrize(
    ("exit_code", "status"), [(0, Status.SUCCEEDED), (7, Status.FAILED), (130, Status.FAILED)]
)
@pytest.mark.parametrize("seen", [STOPPED_BY_US, SAID_ENOUGH], ids=["we stopped it", "its watchdog ended"])
def test_an_attached_task_ends_as_the_command_in_its_session_did(
    exit_code: int, status: Status, seen: dict[str, Any]
) -> None:
    stopping = end_session(an_attended_task(), "s1", exit_code, "alice", LATER)

    ended = observe(stopping, an_end(**seen), LATER)

    assert stopping.status is Status.STOPPING
    assert (ended.status, ended.ended_by, ended.exit_code) == (status, EndedBy.EXIT, exit_code)
    assert session_of(ended, "s1").exit_code == exit_code


def test_leaving_before_the_command_has_ended_stops_the_task() -> None:
    stopping = end_session(an_attended_task(), "s1", None, "alice", LATER)

    ended = observe(stopping, an_end(**STOPPED_BY_US), LATER)

    assert (ended.status, ended.ended_by) == (Status.STOPPED, EndedBy.USER)


@pytest.mark.parametrize("exit_code", [0, 143, None])
def test_a_command_that_ends_when_the_time_is_over_was_told_to(exit_code: int | None) -> None:
    task = an_attended_task()
    assert task.deadline is not None
    stopping = end_session(task, "s1", exit_code, "alice", task.deadline)

    ended = observe(stopping, an_end(**STOPPED_BY_US), task.deadline)

    assert (ended.status, ended.ended_by) == (Status.TIMED_OUT, EndedBy.DEADLINE)


@pytest.mark.parametrize("code", [EVERYBODY_LEFT, NOBODY_CAME])
def test_a_watchdog_that_goes_while_it_is_being_stopped_says_nothing_of_the_command(code: int) -> None:
    by_user = end_session(an_attended_task(), "s1", None, "alice", LATER)
    by_deadline = a_stopping_task(BY_DEADLINE, interactive=True, attached=True)

    ends = [observe(task, an_end(exit_code=code), LATER) for task in (by_user, by_deadline)]

    assert [(end.status, end.exit_code) for end in ends] == [(Status.STOPPED, None), (Status.TIMED_OUT, None)]


def test_a_shell_beside_it_ends_without_the_task() -> None:
    task = add_session(an_attended_task(), a_session(id="s2", command="bash"))

    after = end_session(task, "s2", 3, "bob", LATER)

    assert after.status is Status.RUNNING
    assert (session_of(after, "s2").ended_at, session_of(after, "s2").exit_code) == (LATER, 3)


def test_a_shell_in_a_task_that_runs_by_itself_ends_without_it() -> None:
    task = add_session(a_running_task(interactive=True), a_session(command="bash"))

    assert end_session(task, "s1", 0, "alice", LATER).status is Status.RUNNING


@pytest.mark.parametrize(
    ("code", "ended_by"), [(NOBODY_CAME, EndedBy.NOBODY_CAME), (EVERYBODY_LEFT, EndedBy.CONNECTION_LOST)]
)
def test_what_only_the_watchdog_ended_has_failed_and_says_why(code: int, ended_by: EndedBy) -> None:
    task = a_running_task(interactive=True, attached=True)

    ended = observe(task, an_end(exit_code=code), LATER)

    assert (ended.status, ended.ended_by, ended.exit_code) == (Status.FAILED, ended_by, None)
    assert ended.diagnosis is not None


@pytest.mark.parametrize(
    ("seen", "ended_by"),
    [
        ({"exit_code": 137, "out_of_memory": True}, EndedBy.OUT_OF_MEMORY),
        ({"exit_code": 127}, EndedBy.EXIT),
        ({"stop_code": "SpotInterruption", "exit_code": 0}, EndedBy.SPOT),
        ({"stop_code": "TaskFailedToStart", "exit_code": None}, EndedBy.START_FAILURE),
    ],
)
def test_any_other_end_of_an_attached_task_is_told_as_of_every_task(
    seen: dict[str, Any], ended_by: EndedBy
) -> None:
    ended = observe(an_attended_task(), an_end(**seen), LATER)

    assert (ended.status, ended.ended_by) == (Status.FAILED, ended_by)


def test_a_time_limit_that_was_first_stays_the_cause() -> None:
    stopping = a_stopping_task(BY_DEADLINE, interactive=True, attached=True)
    stopping = end_session(add_session(stopping, a_session()), "s1", 129, "alice", LATER)

    ended = observe(stopping, an_end(**STOPPED_BY_US), LATER)

    assert (ended.status, ended.ended_by, ended.exit_code) == (Status.TIMED_OUT, EndedBy.DEADLINE, 143)


def test_the_end_of_a_task_is_the_end_of_its_sessions() -> None:
    ended = observe(an_attended_task(), an_end(exit_code=137), LATER)

    assert session_of(ended, "s1").ended_at == ended.stopped_at
    with pytest.raises(SessionOver):
        refuse_unless_open(ended, "s1")


def test_the_first_end_of_a_session_counts() -> None:
    once = end_session(an_attended_task(), "s1", 7, "alice", LATER)

    assert end_session(once, "s1", 0, "bob", LATER + timedelta(minutes=1)) == once


def test_whoever_says_that_they_are_there_is() -> None:
    task = add_session(a_running_task(interactive=True), a_session(command="bash"))
    for minutes in range(10, 120, 10):
        task = attend_session(task, "s1", NOON + timedelta(minutes=minutes))

    assert session_of(task, "s1").left_at(NOON + timedelta(minutes=134)) is None


@pytest.mark.parametrize("attended_at", [None, LATER])
def test_whoever_vanished_was_there_until_the_last_sign_of_them(attended_at: datetime | None) -> None:
    session = a_session(command="bash", attended_at=attended_at)

    assert session.left_at(LATER + timedelta(minutes=26)) == (attended_at or NOON)
    assert session.ended(LATER, 3).left_at(LATER + timedelta(minutes=26)) == LATER


def test_nobody_is_in_a_session_that_is_over() -> None:
    ended = end_session(an_attended_task(), "s1", 7, "alice", LATER)

    assert attend_session(ended, "s1", LATER) is ended


def test_who_came_back_to_a_session_and_where_it_is_now_is_written_down() -> None:
    task = add_session(a_running_task(interactive=True), a_session(url="wss://one"))
    session = session_of(resume_session(task, "s1", "wss://another", "bob", LATER), "s1")

    assert (session.url, session.opened_by) == ("wss://another", "alice")
    assert (session.resumed_by, session.resumed_at) == ("bob", LATER)


def test_who_ended_a_session_is_written_down() -> None:
    ended = end_session(an_attended_task(), "s1", 7, "bob", LATER)

    assert (session_of(ended, "s1").opened_by, session_of(ended, "s1").ended_by) == ("alice", "bob")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("kept", "is_own"), [({"token_id": "aaaaaaaa"}, True), ({"token_id": "bbbbbbbb"}, False), ({}, True)]
)
def test_a_session_is_its_own_token_s_and_every_admin_s(
    role: Role, kept: dict[str, str], *, is_own: bool
) -> None:
    """One that an older version kept is known by the name alone, which another token may have by now."""
    task = add_session(a_running_task(interactive=True), a_session(**kept))
    alice = Token(id="aaaaaaaa", name="alice", secret_sha256="", role=role)

    if is_own or role is Role.ADMIN:
        refuse_foreign(task, "s1", alice)
        return
    with pytest.raises(Forbidden, match="s1 is alice's"):
        refuse_foreign(task, "s1", alice)


def test_an_unknown_session_is_not_found() -> None:
    with pytest.raises(SessionNotFound):
        end_session(an_attended_task(), "s9", 0, "alice", LATER)


@given(st.lists(st.booleans(), max_size=3 * MOST_KEPT))
def test_of_very_many_sessions_the_newest_and_the_open_ones_are_kept(ends: list[bool]) -> None:
    task = a_running_task(interactive=True)
    for number, over in enumerate(ends):
        task = add_session(task, a_session(id=f"s{number}", command="bash"))
        if over:
            task = end_session(task, f"s{number}", 0, "alice", LATER)

    still_open = [f"s{number}" for number, over in enumerate(ends) if not over][-MOST_KEPT:]
    kept = [session.id for session in task.sessions]
    assert len(kept) == min(MOST_KEPT, len(ends))
    assert set(still_open[1:]) <= set(kept)
    assert kept[-1:] == [f"s{number}" for number in range(len(ends))][-1:]
    assert kept == sorted(kept, key=lambda name: int(name[1:]))


def test_the_session_that_runs_the_command_outlasts_any_number_of_shells_that_nobody_ended() -> None:
    task = an_attended_task()
    for number in range(3 * MOST_KEPT):
        task = add_session(task, a_session(id=f"shell-{number}", command="bash"))

    assert len(task.sessions) == MOST_KEPT
    assert end_session(task, "s1", 7, "alice", LATER).status is Status.STOPPING


def test_a_task_that_is_over_gets_no_session_any_more() -> None:
    task = a_finished_task(interactive=True)

    assert add_session(task, a_session(command="bash")) is task
