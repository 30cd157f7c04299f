"""Runs each task as plain processes of this machine, under a supervisor that outlives the server.

This is no isolation: a task can do whatever the user who started the server can.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from chalicelib.domain.app import App
from chalicelib.domain.errors import CannotStart, NoCapacity, NotReady, SessionOver, Unavailable
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.task import Task
from chalicelib.ecs_events import parse
from chalicelib.ports import DataChannel
from local import sessions
from local.ecs_tasks import ecs_task, task_and_attempt, task_arn
from local.nursery import Nursery
from local.run_folder import (
    CannotSpawn,
    NotStarted,
    OutOfProcesses,
    OutOfSpace,
    RunFolder,
    StillRunning,
    TaskToRun,
    Vanished,
)
from local.run_folders import RunFolders
from local.session_agent.settings import Settings

logger = logging.getLogger(__name__)
GIB = 1024**3
INHERITED = ("PATH", "HOME", "LANG", "TERM")


class ProcessCluster:
    """`doorbell` is the FIFO on which supervisors say that there is news; `expect` is told of each start before."""

    def __init__(
        self,
        folders: RunFolders,
        nursery: Nursery,
        doorbell: Path,
        expect: Callable[[str, RunFolder], None],
        memory_by: str = "",
    ) -> None:
        self._folders = folders
        self._nursery = nursery
        self._doorbell = doorbell
        self._expect = expect
        self._memory_by = memory_by

    def plan(self, task: Task, app: App) -> dict[str, Any]:  # noqa: ARG002 - the port's shape
        return {"driver": "process", "workdir": app.workdir, "stop_timeout": app.stop_timeout}

    def refuse(self, task: Task, app: App) -> None:
        """A process can be given any command that the API takes."""

    def notes(self, task: Task) -> Sequence[str]:
        named = [
            f"{name}={value}"
            for name, value in (("image", task.image), ("docker_tag", task.docker_tag))
            if value
        ]
        if not named:
            return []
        return [
            f"{named[0]} is kept with the task, but not used: this home runs plain processes, no containers."
        ]

    def start(self, task: Task, app: App) -> str:
        assert task.launch is not None
        folder = self._folders.named(task.id, task.launch.attempt)
        self._expect(task.id, folder)
        try:
            folder.start(self._task_to_run(task, app, folder), self._nursery)
        except (OutOfProcesses, OutOfSpace) as error:
            raise NoCapacity(str(error)) from error
        except CannotSpawn as error:
            raise CannotStart(str(error)) from error
        return task_arn(task.id, task.launch.attempt)

    def stop(self, task: Task, reason: str) -> None:
        folder = self._folders.of(task)
        if folder is not None and folder.path.exists():
            with _as_unavailable():
                folder.request_stop(reason)

    def stop_stray(self, arn: str, reason: str) -> None:
        folder = self._folders.named(*task_and_attempt(arn))
        if folder.path.exists():
            with _as_unavailable():
                folder.request_stop(reason)

    def find(self, task: Task) -> str | None:
        assert task.launch is not None
        folder = self._folders.named(task.id, task.launch.attempt)
        if not folder.path.exists() or isinstance(folder.state(), NotStarted):
            return None
        return task_arn(task.id, task.launch.attempt)

    def look(self, tasks: Iterable[Task]) -> dict[str, Sighting | None]:
        return {task.id: self._look_at(task) for task in tasks}

    def forget(self, task: Task) -> None:
        for folder in self._folders.all_of(task):
            forget_folder(folder)

    def open_session(self, task: Task, argv: Sequence[str]) -> DataChannel:
        folder = self._folders.of(task)
        if folder is None:
            raise NotReady(task.id, "it is just starting")
        with _as_unavailable():
            return sessions.open_session(folder, argv)

    def resume_session(self, task: Task, session_id: str) -> DataChannel:
        folder = self._folders.of(task)
        if folder is None:
            raise SessionOver(session_id)
        with _as_unavailable():
            return sessions.resume_session(folder, session_id)

    def end_session(self, task: Task, session_id: str) -> None:
        folder = self._folders.of(task)
        if folder is not None:
            with _as_unavailable():
                sessions.end_session(folder, session_id)

    def keep_limit(self, task: Task) -> None:
        """Hand the task's limit to its supervisor, which keeps it to the second, server or not."""
        folder = self._folders.of(task)
        if folder is not None and folder.path.exists():
            with _as_unavailable():
                folder.set_max_seconds(_seconds(task.max_hours))

    def _look_at(self, task: Task) -> Sighting | None:
        folder = self._folders.of(task)
        if folder is None or not folder.path.exists():
            return None
        with _as_unavailable():
            return sighting(task, folder)

    def _task_to_run(self, task: Task, app: App, folder: RunFolder) -> TaskToRun:
        assert task.launch is not None
        workdir = task.launch.plan["workdir"]
        return TaskToRun(
            command=_main_command(task, folder),
            environment=_environment(task, app),
            server_pipe=self._doorbell,
            workdir=Path(workdir) if workdir else None,
            max_seconds=_seconds(task.max_hours),
            memory_bytes=int(task.memory * GIB),
            stop_timeout=task.launch.plan["stop_timeout"],
            memory_by=self._memory_by,
        )


def _main_command(task: Task, folder: RunFolder) -> str:
    """The command, unless sessions may be opened: then an agent that lets them in runs it, or they do."""
    if not task.interactive:
        return task.command
    return sessions.agent_command(Settings(str(folder.path), None if task.attached else task.command))


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"The folder of a task cannot be used right now: {error}.") from error


def forget_folder(folder: RunFolder) -> None:
    """Remove a folder, or leave it to a later clean-up: what is left of a task must not keep its record."""
    try:
        folder.remove()
    except StillRunning:  # its last process is just ending
        logger.info("%s is removed later", folder.path)
    except OSError as error:
        logger.warning("%s could not be removed: %s", folder.path, error)


def sighting(task: Task, folder: RunFolder) -> Sighting | None:
    """Return what is seen of a task in its folder; None when nothing of it has begun."""
    state = folder.state()
    if isinstance(state, NotStarted):
        return None
    if isinstance(state, Vanished):
        folder.kill_leftovers()
    _, seen = parse(ecs_task(task, state))
    return seen


def _environment(task: Task, app: App) -> dict[str, str]:
    """Nothing of the server's own environment but what every program expects to find."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {
        "PATH": os.defpath,
        "HOME": "/",
        **inherited,
        **app.environment,
        "TAPIT_TASK_ID": task.id,
        "TAPIT_APP": task.app,
    }


def _seconds(max_hours: float | None) -> float | None:
    return None if max_hours is None else timedelta(hours=max_hours).total_seconds()
