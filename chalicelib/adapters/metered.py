"""Counts what happens to tasks, beside the ports that it passes through."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from chalicelib.adapters.ecs import EcsCluster
from chalicelib.domain.app import App
from chalicelib.domain.audit import Entry
from chalicelib.domain.errors import RefusedForNow, Unanswered
from chalicelib.domain.listed_task import ListedTask
from chalicelib.domain.lock import Lock
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task
from chalicelib.ports import IdempotencyKey, Page, TaskQuery, TaskStore

REMEMBERED = 1000


class Meter(Protocol):
    def count(self, name: str) -> None: ...

    def measure(self, name: str, seconds: float) -> None: ...


class MeteredTasks:
    """A change is read before it is written, and refused if it is not the next one: the two statuses tell it all."""

    def __init__(self, store: TaskStore, meter: Meter) -> None:
        self._store = store
        self._meter = meter
        self._read: OrderedDict[str, Status] = OrderedDict()

    def create(self, task: Task, key: IdempotencyKey | None, max_running: int | None) -> Task:
        made = self._store.create(task, key, max_running)
        if made.id == task.id:
            self._meter.count("tasks_created")
        return made

    def find_by_key(self, key: IdempotencyKey, now: datetime) -> Task | None:
        return self._store.find_by_key(key, now)

    def get(self, task_id: str) -> Task:
        task = self._store.get(task_id)
        self._read[task_id] = task.status
        if len(self._read) > REMEMBERED:
            self._read.popitem(last=False)
        return task

    def get_all(self, task_ids: Sequence[str]) -> Sequence[Task]:
        return self._store.get_all(task_ids)

    def save(self, task: Task, entry: Entry | None = None, followed_by: Task | None = None) -> Task:
        saved = self._store.save(task, entry, followed_by)
        if self._read.get(task.id) is not saved.status:
            self._tell(saved)
        self._read[task.id] = saved.status
        return saved

    def remove(self, task: Task, entry: Entry | None = None) -> None:
        self._store.remove(task, entry)

    def lock(self, app: str, name: str) -> Lock:
        return self._store.lock(app, name)

    def change_lock(self, app: str, name: str, change: Callable[[Lock], Lock]) -> Lock:
        return self._store.change_lock(app, name, change)

    def list(self, query: TaskQuery) -> Page[ListedTask]:
        return self._store.list(query)

    def list_active(self, after_id: str | None, limit: int) -> Page[Task]:
        return self._store.list_active(after_id, limit)

    def count_active(self, app: str) -> int:
        return self._store.count_active(app)

    def _tell(self, task: Task) -> None:
        if task.is_final and task.ended_by is not None:
            self._meter.count(f"tasks_ended_by_{task.ended_by}")
        elif task.status is Status.RUNNING and task.started_at is not None:
            self._meter.count("tasks_started")
            self._meter.measure("launch_latency", (task.started_at - task.due_at).total_seconds())


class MeteredEcsCluster(EcsCluster):
    """Counts how often AWS was too busy, or too full, for a launch."""

    def __init__(self, *parts: Any, meter: Meter, **settings: Any) -> None:
        super().__init__(*parts, **settings)
        self._meter = meter

    def plan(self, task: Task, app: App) -> dict[str, Any]:
        with self._counted():
            return super().plan(task, app)

    def start(self, task: Task, app: App) -> str:
        with self._counted():
            return super().start(task, app)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        try:
            yield
        except (Unanswered, RefusedForNow):
            self._meter.count("busy_answers")
            raise
