"""Put a person's terminal inside a task, let them come back, and see them out."""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.audit import Entry, What
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.session import Session
from chalicelib.domain.session_script import session_argv
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task
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
from chalicelib.domain.token import Token
from chalicelib.ports import DataChannel, Services
from chalicelib.usecases.change import change_read_task, change_task


@dataclass(frozen=True)
class OpenedSession:
    """`nonce` is in the marks by which the client knows where the command's output begins and ends."""

    task: Task
    channel: DataChannel
    nonce: str


def open_session(
    services: Services,
    task_id: str,
    command: str | None,
    *,
    on_terminal: bool,
    terminal_type: str | None = None,
    by: Token,
) -> OpenedSession:
    """Run a command (None: the task's own) for a client that is about to connect; it waits for that.

    Raise NotReady while the task starts.
    """
    task = services.tasks.get(task_id)
    refuse_sessions(task, command)
    nonce = secrets.token_hex(8)
    argv = session_argv(
        task.command if command is None else command,
        nonce,
        on_terminal=on_terminal,
        terminal_type=terminal_type,
    )
    channel = services.cluster.open_session(task, argv)
    now = services.clock.now()
    session = Session(
        id=channel.session_id,
        command=command,
        opened_by=by.name,
        opened_at=now,
        token_id=by.holder,
        url=channel.url,
    )
    entry = _entry(What.SESSION_OPENED, task, session.id, by, now)
    task = change_task(services, task_id, lambda task: add_session(task, session), lambda *_: entry)
    refuse_sessions(task, command)  # it may have ended meanwhile
    return OpenedSession(task, channel, nonce)


def come_back(services: Services, task_id: str, session_id: str, by: Token) -> DataChannel:
    """Raise Forbidden for a session of somebody else's, SessionOver when there is nothing to come back to."""
    task = services.tasks.get(task_id)
    refuse_foreign(task, session_id, by)
    refuse_unless_open(task, session_id)
    channel = services.cluster.resume_session(task, session_id)
    now = services.clock.now()
    entry = _entry(What.SESSION_RESUMED, task, session_id, by, now)

    def resumed(task: Task) -> Task:
        return resume_session(task, session_id, channel.url, by.name, now)

    # What cannot be written down is done all the same: somebody is in the middle of work.
    with suppress(Unavailable):
        change_task(services, task_id, resumed, lambda *_: entry)
    return channel


def keep_session(services: Services, task_id: str, session_id: str, by: Token) -> Task:
    """Hear that somebody is still in a session; harmless for one that is over. Raise Forbidden for somebody else's."""
    now = services.clock.now()
    task = services.tasks.get(task_id)
    refuse_foreign(task, session_id, by)
    return change_read_task(services, task, lambda task: attend_session(task, session_id, now))


def close_session(
    services: Services, task_id: str, session_id: str, exit_code: int | None, by: Token
) -> Task:
    """Idempotent. An exit code says how the command ended; without one somebody left while it ran.

    Raise Forbidden for a session of somebody else's, EndNotSeen for an exit code of a command that still runs.
    """
    now = services.clock.now()
    task = services.tasks.get(task_id)
    refuse_foreign(task, session_id, by)
    if exit_code is not None and not session_of(task, session_id).is_over:
        exit_code = services.cluster.exit_code_of_session(task, session_id, exit_code)
    entry = _entry(What.SESSION_ENDED, task, session_id, by, now, exit_code)

    def ended(task: Task) -> Task:
        return end_session(task, session_id, exit_code, by.name, now)

    task = change_read_task(services, task, ended, lambda *_: entry)
    if task.status is Status.STOPPING and task.ecs_arn is not None:
        services.cluster.stop(task, f"tapit: {task.history[-1].why}")
    elif not task.is_final and session_of(task, session_id).exit_code is None:
        services.cluster.end_session(task, session_id)
    return task


def _entry(
    what: What, task: Task, session_id: str, by: Token, now: datetime, exit_code: int | None = None
) -> Entry:
    """What somebody runs in a session may hold a secret; the task's record tells it, for as long as there is one."""
    how = {} if exit_code is None else {"exit_code": exit_code}
    return Entry.of(what, task.id, app=task.app, by=by.name, at=now, details={"session": session_id, **how})
