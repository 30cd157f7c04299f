"""How sessions come and go in a task's record."""

from datetime import datetime

from chalicelib.domain.errors import NotInteractive, NotReady, SessionNotFound, SessionOver, TaskOver
from chalicelib.domain.session import MOST_KEPT, Session
from chalicelib.domain.status import Status
from chalicelib.domain.task import StopCause, Task, request_stop


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
    """Write down who came in; of very many sessions the oldest that are over are forgotten."""
    excess = len(task.sessions) + 1 - MOST_KEPT
    over = [kept for kept in task.sessions if kept.is_over][: max(0, excess)]
    return task.but(sessions=(*(kept for kept in task.sessions if kept not in over), session))


def session_of(task: Task, session_id: str) -> Session:
    """Raise SessionNotFound."""
    found = next((session for session in task.sessions if session.id == session_id), None)
    if found is None:
        raise SessionNotFound(task.id, session_id)
    return found


def refuse_unless_open(task: Task, session_id: str) -> None:
    """Raise SessionOver for one that cannot be come back to."""
    if session_of(task, session_id).is_over or task.is_final:
        raise SessionOver(session_id)


def end_session(task: Task, session_id: str, exit_code: int | None, by: str, now: datetime) -> Task:
    """Write down the end; with the session that ran an attached task's command the task ends as well.

    Without an exit code nobody knows how the command ended: somebody left before it did.
    """
    session = session_of(task, session_id)
    if session.is_over:
        return task
    ended = session.ended(now, exit_code)
    task = task.but(sessions=tuple(ended if each.id == session_id else each for each in task.sessions))
    if session.command is not None or not task.attached:
        return task
    if exit_code is None:
        return request_stop(task, StopCause(kind="user", by=by), now)
    return request_stop(task, StopCause(kind="session", by=by, exit_code=exit_code), now)
