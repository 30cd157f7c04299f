"""Whatever happens to tasks in whatever order, the count of the unfinished and every list agree with the records."""

from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.domain.errors import LimitExceeded, Stale, TaskNotFound
from chalicelib.domain.listed_task import ListedTask
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task
from chalicelib.domain.task_filter import FilterBy, TaskFilter
from chalicelib.ports import TaskQuery
from tests.builders import a_task
from tests.dynamodb_table import SetClock, a_table, dynamodb_on_moto

APPS = st.sampled_from(["shop", "other"])
STATUSES = st.sampled_from([Status.RUNNING, Status.STOPPING, Status.LOST, Status.FAILED])


class Histories(RuleBasedStateMachine):
    """`reads` are records as somebody read them once: some are the newest, some were overtaken."""

    reads = Bundle("reads")

    def __init__(self) -> None:
        super().__init__()
        self._open = ExitStack()
        self.store = DynamoTaskStore(a_table(self._open.enter_context(dynamodb_on_moto())), SetClock())
        self.tasks: dict[str, Task] = {}
        self.made = 0

    def teardown(self) -> None:
        self._open.close()

    @rule(target=reads, app=APPS, limit=st.sampled_from([None, 1, 3]), status=st.sampled_from(Status))
    def create(self, app: str, limit: int | None, status: Status) -> Any:
        task = a_task(id=f"1ngaz2{self.made * 7919 % 1_000_000:06}", app=app, status=status)
        self.made += 1
        if limit is not None and self.unfinished(app) >= limit:
            with pytest.raises(LimitExceeded):
                self.store.create(task, None, limit)
            return task  # nobody ever wrote it, so saving it is stale as well
        self.tasks[task.id] = self.store.create(task, None, limit)
        return task

    @rule(target=reads, read=reads, status=STATUSES)
    def save(self, read: Task, status: Status) -> Any:
        if self.tasks.get(read.id) != read:
            with pytest.raises(Stale):
                self.store.save(read.but(status=status))
            return read
        self.tasks[read.id] = self.store.save(read.but(status=status))
        return self.tasks[read.id]

    @rule(read=consumes(reads))
    def remove(self, read: Task) -> None:
        if self.tasks.get(read.id) != read:
            with pytest.raises(Stale):
                self.store.remove(read)
        else:
            self.store.remove(self.tasks.pop(read.id))
            with pytest.raises(TaskNotFound):
                self.store.get(read.id)

    @rule(
        app=APPS, limit=st.integers(1, 4), statuses=st.none() | st.sets(st.sampled_from(Status), min_size=1)
    )
    def every_page_of_a_list(self, app: str, limit: int, statuses: set[Status] | None) -> None:
        only = None if statuses is None else TaskFilter(FilterBy.STATUS, tuple(statuses))
        found: list[ListedTask] = []
        while True:
            after_id = found[-1].id if found else None
            page = self.store.list(TaskQuery(app, limit, only, after_id=after_id))
            found += page.items
            if not page.has_more:
                break
        wanted = [
            task
            for task in self.tasks.values()
            if task.app == app and (statuses is None or task.status in statuses)
        ]
        wanted.sort(key=lambda task: task.id, reverse=True)
        assert found == [ListedTask.of(task) for task in wanted]

    @rule(limit=st.integers(1, 4))
    def every_page_of_the_walk(self, limit: int) -> None:
        found: list[Task] = []
        while True:
            page = self.store.list_active(found[-1].id if found else None, limit)
            found += page.items
            if not page.has_more:
                break
        unfinished = [task for task in self.tasks.values() if not task.is_final]
        assert sorted(found, key=lambda task: task.id) == sorted(unfinished, key=lambda task: task.id)

    @invariant()
    def the_count_is_right(self) -> None:
        for app in ("shop", "other"):
            assert self.store.count_active(app) == self.unfinished(app)

    def unfinished(self, app: str) -> int:
        return sum(task.app == app and not task.is_final for task in self.tasks.values())


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
