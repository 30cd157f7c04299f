"""The tasks of this machine: each in a folder of its own, under a supervisor that outlives the server."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from chalicelib.domain.app import App
from chalicelib.domain.errors import (
    EndNotSeen,
    NotReady,
    RefusedForGood,
    RefusedForNow,
    SessionOver,
    Unanswered,
    Unavailable,
)
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.task import Task
from chalicelib.ecs_events import sighting_in
from chalicelib.ports import DataChannel
from local.runs import sessions
from local.runs.driver import Driver
from local.runs.ecs_tasks import ecs_task, task_and_attempt, task_arn
from local.runs.run_folder import NotStarted, RunFolder, StillRunning, Vanished
from local.runs.run_folders import RunFolders
from local.runs.run_requests import in_seconds, request_stop, set_time_limit
from local.runs.run_start import CannotSpawn, NoWord, OutOfProcesses, OutOfSpace, start_run
from local.runs.supervisor_starter import SupervisorStarter
from local.store.system_refusals import advice, in_words

logger = logging.getLogger(__name__)


class LocalCluster:
    """`starters` go by the names of drivers in plans. `expect` is told before each start.

    `secrets_of` gives the values that an app's tasks are started with.
    """

    def __init__(
        self,
        folders: RunFolders,
        driver: Driver,
        starters: Mapping[str, SupervisorStarter],
        expect: Callable[[str, RunFolder], None],
        secrets_of: Callable[[App], Mapping[str, str]],
    ) -> None:
        self._folders = folders
        self._driver = driver
        self._starters = starters
        self._expect = expect
        self._secrets_of = secrets_of

    def plan(self, task: Task, app: App) -> dict[str, Any]:
        return self._driver.plan(task, app)

    def check_app(self, app: App) -> Sequence[str]:
        return self._driver.check_app(app)

    def refuse(self, task: Task, app: App) -> None:
        self._driver.refuse(task, app)

    def notes(self, task: Task, app: App | None) -> Sequence[str]:
        return self._driver.notes(task, app)

    def not_enforced(self, task: Task) -> Sequence[str]:
        return self._driver.not_enforced(task)

    def start(self, task: Task, app: App) -> str:
        assert task.launch is not None
        folder = self._folders.named(task.id, task.launch.attempt)
        secrets = self._secrets_of(app)
        self._expect(task.id, folder)
        try:
            starter = self._starters[task.launch.plan["driver"]]
            start_run(folder, self._driver.task_to_run(task, app, folder, secrets), starter)
        except (OutOfProcesses, OutOfSpace) as error:
            raise RefusedForNow(str(error)) from error
        except NoWord as error:
            raise Unanswered(str(error)) from error
        except CannotSpawn as error:
            raise RefusedForGood(str(error)) from error
        return task_arn(task.id, task.launch.attempt)

    def stop(self, task: Task, reason: str) -> None:
        folder = self._folders.of(task)
        if folder is not None and folder.path.exists():
            with _as_unavailable():
                request_stop(folder, reason)

    def stop_stray(self, arn: str, reason: str) -> None:
        folder = self._folders.named(*task_and_attempt(arn))
        if folder.path.exists():
            with _as_unavailable():
                request_stop(folder, reason)

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
            self.forget_folder(folder)
        self._driver.forget(task)

    def clean_up(self) -> None:
        """Remove what crashes left on this machine of runs that nobody supervises any more."""
        self._driver.clean_up(self._folders.is_supervised)

    def forget_folder(self, folder: RunFolder) -> None:
        """Remove a folder, or leave it to a later clean-up: what is left of a task must not keep its record."""
        try:
            folder.wait_for_last_steps()
            if isinstance(folder.state(), Vanished):
                self._driver.kill_leftovers(folder)
            folder.remove()
        except StillRunning:  # its last process is just ending
            logger.info("%s is removed later", folder.path)
        except OSError as error:
            logger.warning("%s could not be removed: %s", folder.path, error)

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

    def exit_code_of_session(self, task: Task, session_id: str, claimed: int) -> int:  # noqa: ARG002 - the agent's word
        folder = self._folders.of(task)
        with _as_unavailable():
            seen = sessions.exit_code(folder, session_id) if folder else None
        if seen is None:
            raise EndNotSeen(session_id)
        return seen

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
                set_time_limit(folder, in_seconds(task.max_hours))

    def has_run_its_time(self, task: Task) -> bool:
        folder = self._folders.of(task)
        seconds, limit = folder.seconds_run() if folder else None, in_seconds(task.max_hours)
        return seconds is None or limit is None or seconds >= limit

    def _look_at(self, task: Task) -> Sighting | None:
        folder = self._folders.of(task)
        if folder is None:
            return None
        with _as_unavailable():
            state = folder.state()
            if isinstance(state, NotStarted):
                self._end_the_missed(task, folder)
                return None
            if isinstance(state, Vanished):
                self._driver.kill_leftovers(folder)
            return sighting_in(ecs_task(task, state, sessions.command_exit_code(folder, task)))

    def _end_the_missed(self, task: Task, folder: RunFolder) -> None:
        """When its folder is removed, a supervisor ends its task; were it killed as well, nobody else would."""
        if task.unknown_since is not None and not folder.path.exists():
            self._driver.kill_leftovers(folder)


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        mending = advice(error)
        raise Unavailable(
            f"The folder of a task cannot be used right now: {in_words(error)}.", mending and f"{mending}."
        ) from error
