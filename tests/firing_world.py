"""A home of real stores, whose tasks are made and never run, for what makes them by itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from chalicelib.adapters.dynamodb_apps import DynamoAppStore
from chalicelib.adapters.dynamodb_audit import DynamoAuditLog
from chalicelib.adapters.dynamodb_commands import DynamoCommandStore
from chalicelib.adapters.dynamodb_schedules import DynamoScheduleStore
from chalicelib.adapters.dynamodb_tasks import DynamoTaskStore
from chalicelib.domain.schedule import Schedule
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.status import Status
from chalicelib.domain.task import Task, accept_launch, begin_attempt, observe
from chalicelib.ports import Services, TaskQuery
from chalicelib.usecases.change import change_task
from chalicelib.usecases.fire_due import Firer
from local.store.app_store import SqliteAppStore
from local.store.audit_log import SqliteAuditLog
from local.store.command_store import SqliteCommandStore
from local.store.database import Database
from local.store.schedule_store import SqliteScheduleStore
from local.store.task_store import SqliteTaskStore
from tests.builders import ARN, NOON, a_schedule, an_app, an_end
from tests.dynamodb_table import a_table, dynamodb_on_moto

HOMES = ("sqlite", "dynamodb")
UNUSED = (
    *("feed", "subscriptions", "secrets", "app_secrets", "deliveries", "courier", "sender"),
    *("tokens", "trusts", "identities", "logs", "changes"),
)


@dataclass
class FiringClock:
    """Tells what it was set to; how long something takes it does not know."""

    time: datetime = NOON

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


class Begun:
    """A lifecycle that only remembers what it was asked to begin."""

    def __init__(self) -> None:
        self.tasks: list[str] = []

    def begin(self, task: Task) -> None:
        self.tasks.append(task.id)

    def launch_again(self, task: Task) -> None:
        """Nothing is launched here."""


class AnyTask:
    """A cluster that has nothing against any task."""

    def refuse(self, task: Task, app: Any) -> None:
        """None is refused."""

    def notes(self, _task: Task) -> list[str]:
        return []


@dataclass
class FiringWorld:
    services: Services
    clock: FiringClock
    lifecycle: Begun
    firer: Firer = field(default_factory=lambda: Firer(seconds=60))

    def schedule(self, name: str = "nightly", app: str = "shop", **fields: Any) -> Schedule:
        made = a_schedule(**{"id": f"{app}-{name}", "app": app, "name": name, **fields})
        return self.services.schedules.create(made, 100_000)

    def read(self, name: str = "nightly", app: str = "shop") -> Schedule:
        return self.services.schedules.get(app, name)

    def fire(self, minutes: float = 0) -> None:
        self.clock.time += timedelta(minutes=minutes)
        self.firer.run(self.services)

    def begun(self, app: str = "shop") -> list[Task]:
        """Return the tasks of an app in the order in which they were made: ids of one moment are in none."""
        made = [self.services.tasks.get(task_id) for task_id in dict.fromkeys(self.lifecycle.tasks)]
        return [task for task in made if task.app == app]

    def tasks(self, app: str = "shop") -> list[Task]:
        """Return all tasks of an app, the oldest first."""
        found: list[str] = []
        has_more = True
        while has_more:
            page = self.services.tasks.list(TaskQuery(app, 100, after_id=found[-1] if found else None))
            found += [task.id for task in page.items]
            has_more = page.has_more
        return [self.services.tasks.get(task_id) for task_id in reversed(found)]

    def end(self, task_id: str, exit_code: int = 0) -> None:
        ended = change_task(self.services, task_id, partial(self._ended, exit_code=exit_code))
        assert ended.status in (Status.SUCCEEDED, Status.FAILED)

    def end_and_die(self, task_id: str, exit_code: int = 0) -> None:
        """Write an end down, and see to nothing that follows from it."""
        self.services.tasks.save(self._ended(self.services.tasks.get(task_id), exit_code))

    def _ended(self, task: Task, exit_code: int) -> Task:
        started = accept_launch(
            begin_attempt(task, {"driver": "process"}, self.clock.time), ARN, self.clock.time
        )
        return observe(started, _an_end_at(self.clock.time, exit_code), self.clock.time)


def _an_end_at(moment: datetime, exit_code: int) -> Sighting:
    return an_end(exit_code=exit_code, started_at=moment, stopped_at=moment)


@contextmanager
def firing_world(
    home: str, place: Path, watched: Callable[[Any], Any] = lambda client: client
) -> Iterator[FiringWorld]:
    """`watched` is given the client of DynamoDB, and returns the one that is used."""
    clock = FiringClock()
    with _stores(home, place, clock, watched) as stores:
        unused: dict[str, Any] = dict.fromkeys(UNUSED)
        lifecycle = Begun()
        others: dict[str, Any] = {"cluster": AnyTask(), "lifecycle": lifecycle}
        services = Services(**stores, **others, **unused, clock=clock, home="test", stage="test")
        for name in ("shop", "blog"):
            services.apps.create(an_app(name=name))
        yield FiringWorld(services, clock, lifecycle)


@contextmanager
def _stores(home: str, place: Path, clock: Any, watched: Callable[[Any], Any]) -> Iterator[dict[str, Any]]:
    if home == "dynamodb":
        with dynamodb_on_moto() as client:
            table = a_table(watched(client))
            yield {
                "tasks": DynamoTaskStore(table, clock),
                "apps": DynamoAppStore(table),
                "commands": DynamoCommandStore(table),
                "schedules": DynamoScheduleStore(table),
                "audit": DynamoAuditLog(table),
            }
        return
    database = Database(place / "tapit.db")
    yield {
        "tasks": SqliteTaskStore(database, clock, lambda _: None),
        "apps": SqliteAppStore(database),
        "commands": SqliteCommandStore(database),
        "schedules": SqliteScheduleStore(database, clock, lambda _: None),
        "audit": SqliteAuditLog(database),
    }
    database.close()


class Killed(BaseException):
    """What calls was ended, as by SIGKILL."""


def until_call(services: Services, number: int) -> Services:
    """Return services whose caller is killed at its call of that number, before that has done anything."""
    left = [number]

    def watched(port: Any) -> Any:
        return _Watched(port, left)

    return replace(
        services,
        tasks=watched(services.tasks),
        apps=watched(services.apps),
        commands=watched(services.commands),
        schedules=watched(services.schedules),
        lifecycle=watched(services.lifecycle),
    )


class _Watched:
    def __init__(self, port: Any, left: list[int]) -> None:
        self._port = port
        self._left = left

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)

        def call(*arguments: Any) -> Any:
            if self._left[0] == 0:
                raise Killed
            self._left[0] -= 1
            return method(*arguments)

        return call
