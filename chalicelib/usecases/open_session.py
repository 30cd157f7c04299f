"""Put a person's terminal inside a task, let them come back, and see them out."""

import secrets
from dataclasses import dataclass

from chalicelib.domain.session import Session, session_argv
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task
from chalicelib.domain.task_sessions import (
    add_session,
    end_session,
    refuse_sessions,
    refuse_unless_open,
    session_of,
)
from chalicelib.ports import DataChannel, Services
from chalicelib.usecases.change import change_task


@dataclass(frozen=True)
class OpenedSession:
    """`nonce` is in the marks by which the client knows where the command's output begins and ends."""

    task: Task
    channel: DataChannel
    nonce: str


def open_session(
    services: Services, task_id: str, command: str | None, *, on_terminal: bool, by: str
) -> OpenedSession:
    """Run a command (None: the task's own) for a client that is about to connect; it waits for that.

    Raise NotReady while the task starts.
    """
    task = services.tasks.get(task_id)
    refuse_sessions(task, command)
    nonce = secrets.token_hex(8)
    argv = session_argv(task.command if command is None else command, nonce, on_terminal=on_terminal)
    channel = services.cluster.open_session(task, argv)
    now = services.clock.now()
    session = Session(id=channel.session_id, command=command, opened_by=by, opened_at=now)
    task = change_task(services.tasks, task_id, lambda task: add_session(task, session))
    return OpenedSession(task, channel, nonce)


def resume_session(services: Services, task_id: str, session_id: str) -> DataChannel:
    """Raise SessionOver when there is nothing to come back to."""
    task = services.tasks.get(task_id)
    refuse_unless_open(task, session_id)
    return services.cluster.resume_session(task, session_id)


def close_session(services: Services, task_id: str, session_id: str, exit_code: int | None, by: str) -> Task:
    """Idempotent. An exit code says how the command ended; without one somebody left while it ran."""
    now = services.clock.now()
    task = change_task(
        services.tasks, task_id, lambda task: end_session(task, session_id, exit_code, by, now)
    )
    if task.status is Status.STOPPING and task.ecs_arn is not None:
        services.cluster.stop(task, f"tapit: {task.history[-1].why}")
    elif not task.is_final and session_of(task, session_id).exit_code is None:
        services.cluster.end_session(task, session_id)
    return task
