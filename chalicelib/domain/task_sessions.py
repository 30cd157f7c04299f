"""How sessions come and go in a task's record."""

from datetime import datetime

from chalicelib.domain.errors import (
    Forbidden,
    NotInteractive,
    NotReady,
    SessionNotFound,
    SessionOver,
    TaskOver,
)
from chalicelib.domain.session import Session
from chalicelib.domain.status import Status
from chalicelib.domain.stop_cause import StopCause
from chalicelib.domain.task import Task, request_stop
from chalicelib.domain.time_limit import overdue
from chalicelib.domain.token import Role, Token


def refuse_sessions(task: Task, command: str | None) -> None:
    """Raise for a task in which no session can be opened: never, not any more, or not yet.

    Without a command a session runs the task's own, which that of an attached task does not do by itself.
    """
    if not task.interactive or (command is None and not task.attached):
        raise NotInteractive(task.id)
    if task.is_final:
        raise TaskOver(task.id, task.status, task.diagnosis.what if task.diagnosis else None)
    if task.status is Status.STOPPING:
        raise TaskOver(task.id, task.status, task.history[-1].why)
    if task.status is not Status.RUNNING:
        raise NotReady(task.id, task.waiting_for or f"it is {task.status}")


def add_session(task: Task, session: Session) -> Task:
    """Write down who came in; a task that is over has nobody in it any more."""
    return task if task.is_final else task.but(sessions=(*task.sessions, session))


def session_of(task: Task, session_id: str) -> Session:
    """Raise SessionNotFound."""
    found = next((session for session in task.sessions if session.id == session_id), None)
    if found is None:
        raise SessionNotFound(task.id, session_id)
    return found


def refuse_foreign(task: Task, session_id: str, by: Token) -> None:
    """Raise Forbidden for a session that is neither the token's own nor an admin's to see to."""
    session = session_of(task, session_id)
    if not session.belongs_to(by) and not by.role.includes(Role.ADMIN):
        raise Forbidden(
            f"The session {session_id} is {session.opened_by}'s; only with that token, or an admin's, can it be "
            "resumed or ended.",
            f"Open one of your own: tapit shell task={task.id}",
        )


def refuse_unless_open(task: Task, session_id: str) -> None:
    """Raise SessionOver for one that cannot be come back to."""
    if session_of(task, session_id).is_over or task.is_final:
        raise SessionOver(session_id)


def attend_session(task: Task, session_id: str, now: datetime) -> Task:
    """Write down that somebody is still there."""
    session = session_of(task, session_id)
    return task if session.is_over or task.is_final else _with(task, session.but(attended_at=now))


def resume_session(task: Task, session_id: str, url: str, by: str, now: datetime) -> Task:
    """Write down who came back to it and when, and where its client connects to from now on."""
    return _with(task, session_of(task, session_id).but(url=url, resumed_by=by, resumed_at=now))


def end_session(task: Task, session_id: str, exit_code: int | None, by: str, now: datetime) -> Task:
    """Write down the end; with the session that ran an attached task's command the task ends as well.

    Without an exit code nobody knows how the command ended: somebody left before it did. One that ends when the task's
    time is over was told to.
    """
    session = session_of(task, session_id)
    if session.is_over:
        return task
    task = _with(task, session.ended(now, exit_code, by))
    if session.command is not None or not task.attached:
        return task
    return request_stop(task, _cause_of_end(task, exit_code, by, now), now)


def _cause_of_end(task: Task, exit_code: int | None, by: str, now: datetime) -> StopCause:
    if overdue(task, now) == "deadline":
        return StopCause(kind="deadline")
    if exit_code is None:
        return StopCause(kind="user", by=by)
    return StopCause(kind="session", by=by, exit_code=exit_code)


def _with(task: Task, session: Session) -> Task:
    return task.but(sessions=tuple(session if each.id == session.id else each for each in task.sessions))
