"""What the program needs of the world, in the user's words; `Services` bundles it."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from chalicelib.domain.app import App
from chalicelib.domain.listed_task import ListedTask
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task
from chalicelib.domain.token import Token

Item = TypeVar("Item")


@dataclass(frozen=True)
class IdempotencyKey:
    """One caller's name for one request, and a digest of what was asked under it."""

    caller: str
    key: str
    digest: str
    expires_at: datetime


@dataclass(frozen=True)
class TaskQuery:
    """A page of an app's tasks, newest first; at most one of the three filters is set."""

    app: str
    limit: int
    status: Status | None = None
    initiated_by: str | None = None
    created_by: str | None = None
    since: datetime | None = None
    after_id: str | None = None


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some items, and whether there are more."""

    items: Sequence[Item]
    has_more: bool


@dataclass(frozen=True)
class LogLine:
    time: datetime
    message: str


@dataclass(frozen=True)
class LogPage:
    """Lines of output, oldest first; `position` is where to go on; complete means that nothing will follow."""

    lines: Sequence[LogLine]
    position: str
    is_complete: bool
    lost_bytes: int = 0


@dataclass(frozen=True)
class DataChannel:
    """Where a client meets its session, and what shows that it may; good for a few minutes, for that session only.

    `headers` go with the upgrade request of the WebSocket, `token` is its first message.
    """

    session_id: str
    url: str
    token: str
    headers: Mapping[str, str]


class TaskStore(Protocol):
    def create(self, task: Task, key: IdempotencyKey | None, max_running: int | None) -> Task:
        """Write a new record and its key in one transaction, and return the record.

        Return the earlier task when the key was used for the same request. Raise IdempotencyConflict when it was
        used for another, TaskRemoved when its task is gone, LimitExceeded when max_running tasks of the app are
        unfinished, IdTaken when the id is not free.
        """

    def find_by_key(self, key: IdempotencyKey, now: datetime) -> Task | None:
        """Return the task that the key was used for, if any; raise what `create` would raise of the key."""

    def get(self, task_id: str) -> Task:
        """Raise TaskNotFound when there is no such record."""

    def save(self, task: Task) -> Task:
        """Write the record with its revision one up, or raise Stale if it changed since it was read."""

    def remove(self, task: Task) -> None:
        """Remove the record, or raise Stale if it changed since it was read."""

    def list(self, query: TaskQuery) -> Page[ListedTask]:
        """Return one bounded page; what it costs does not depend on how many tasks there are.

        It may lag a second behind what was written; `get` never does.
        """

    def list_active(self, after_id: str | None, limit: int) -> Page[Task]:
        """Return unfinished tasks of every app, in an order of the store's own that after_id goes on in.

        They may lag a second behind what was written: decide on what `get` returns.
        """

    def count_active(self, app: str) -> int:
        """Return how many tasks of the app are unfinished."""


class AppStore(Protocol):
    def create(self, app: App) -> App:
        """Raise AppExists when the name is taken."""

    def get(self, name: str) -> App:
        """Raise AppNotFound when there is no such app."""

    def save(self, app: App) -> App:
        """Write the app with its revision one up, or raise Stale if it changed since it was read."""

    def remove(self, app: App) -> None:
        """Raise Stale if it changed since it was read."""

    def list(self, limit: int, after_name: str | None) -> Page[App]:
        """Return apps by name."""


class TokenStore(Protocol):
    def find(self, token_id: str) -> Token | None:
        """Return the token of that id, if there is one."""


class Cluster(Protocol):
    """Where containers run."""

    def plan(self, task: Task, app: App) -> dict[str, Any]:
        """Return everything a launch needs that is not secret, to be saved before launching; may raise CannotStart."""

    def refuse(self, task: Task, app: App) -> None:
        """Raise InvalidRequest for a command that this cluster could never start."""

    def notes(self, task: Task) -> Sequence[str]:
        """Return what the caller should know about how this cluster runs such a task."""

    def start(self, task: Task, app: App) -> str:
        """Start the container of the task's saved attempt and return its ARN; repeating it starts no second one.

        Raise Unanswered (repeat the same call), NoCapacity (worth a new attempt) or CannotStart (refused for good).
        """

    def find(self, task: Task) -> str | None:
        """Return the ARN of a container that some attempt of the task started, if any. May raise Unanswered."""

    def stop(self, task: Task, reason: str) -> None:
        """Ask a started container to end: SIGTERM, then SIGKILL after the stop timeout. Harmless to repeat.

        Raise Unavailable when it may not; a request that gets lost is made again by the next look at the task.
        """

    def stop_stray(self, arn: str, reason: str) -> None:
        """Ask a container to end that no record watches. Harmless to repeat.

        Raise Unavailable when the request was not taken: nobody else would make it again.
        """

    def look(self, tasks: Iterable[Task]) -> dict[str, Sighting | None]:
        """Say what is seen of each started task now, by id; None for one that the cluster does not know.

        A task that it could not look at is not in the answer.
        """

    def open_session(self, task: Task, argv: Sequence[str]) -> DataChannel:
        """Run argv in the container, on a terminal of its own that waits for its client.

        Raise NotReady while that may soon be possible, TaskOver when it never will be.
        """

    def resume_session(self, task: Task, session_id: str) -> DataChannel:
        """Let a client that lost its connection come back. Raise SessionOver when there is nothing to come back to."""

    def end_session(self, task: Task, session_id: str) -> None:
        """Hang up; whatever still runs on its terminal is told so. Harmless to repeat."""

    def forget(self, task: Task) -> None:
        """Clear away what is kept of a finished task beside its record. Harmless to repeat."""


class Lifecycle(Protocol):
    """One durable execution per task: launch, wait until next_wake, check, wait again or be done."""

    def begin(self, task: Task) -> None:
        """Start the execution, or another one when it is over before the task is; harmless while one runs.

        May raise Unanswered.
        """

    def limit_changed(self, task: Task) -> None:
        """Let whoever keeps the task's time know that its limit changed."""


class Logs(Protocol):
    def read(self, task: Task, position: str | None, limit: int) -> LogPage:
        """Return what the task printed from `position` on (None: from the start). InvalidRequest for a bad position."""

    def tail(self, task: Task, lines: int) -> LogPage:
        """Return the last lines that there are now."""


class Watch(Protocol):
    def wait(self, seconds: float) -> bool:
        """Wait for news since the watch began, or the last wait; False when the time is up, or nobody can wait."""


class Changes(Protocol):
    """News of tasks: that something of one may have changed, not what."""

    def watch(self, task_id: str) -> AbstractContextManager[Watch]:
        """Begin to watch a task; look at it after that, and nothing is missed."""

    @property
    def poll_after(self) -> float:
        """Seconds that a client does well to leave between two looks."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the time, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never jump, for measuring how long something takes."""


@dataclass(frozen=True)
class Services:
    """The outside world, as one argument."""

    tasks: TaskStore
    apps: AppStore
    tokens: TokenStore
    cluster: Cluster
    lifecycle: Lifecycle
    logs: Logs
    changes: Changes
    clock: Clock
    home: str
