"""A state folder with any number of finished tasks in it, written by the store's own statement."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.home import APP
from chalicelib.domain import ids
from chalicelib.domain.app import App
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.status import Status
from chalicelib.domain.task import Change, Task, accept_launch, begin_attempt, observe
from local.runs.ecs_tasks import task_arn
from local.store.app_store import SqliteAppStore
from local.store.database import Database
from local.store.state_folder import open_state
from local.store.task_store import _INSERT, _INSERT_TAG, _row

BYTES_EACH = 2_500  # a record and its index entries, generously
AT_ONCE = 50_000  # a transaction
VARIANTS = 10  # every tenth task is alike but for its id, so even a thousand tasks fill a page of each filter
STATUS = Status.FAILED
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_STEP = timedelta(seconds=3)
_ID = "0" * (ids.TIME_LENGTH + ids.RANDOM_LENGTH)
_ARN = task_arn(_ID, 1)

Values = tuple[object, ...]


def fill(state: Path, tasks: int) -> None:
    """Make the folder and its tasks; every tenth of them FAILED, the others SUCCEEDED."""
    with open_state(state) as folder:
        SqliteAppStore(folder.database).create(App(name=APP, created_at=_FIRST, created_by="bench"))
        variants = [_row(_task(number)) for number in range(VARIANTS)]
        for start in range(0, tasks, AT_ONCE):
            _insert(folder.database, variants, range(start, min(start + AT_ONCE, tasks)))


def id_at(number: int) -> str:
    """Return the id of the n-th task, oldest first."""
    return ids.first_id_at(_FIRST + number * _STEP)


def _insert(database: Database, variants: list[Values], numbers: range) -> None:
    rows = (_with_id(variants[number % VARIANTS], id_at(number)) for number in numbers)
    tags = ((APP, f"ticket:OPS-{number % VARIANTS}", id_at(number)) for number in numbers)
    with database.write() as connection:
        connection.executemany(_INSERT, rows)
        connection.executemany(_INSERT_TAG, tags)


def _with_id(values: Values, task_id: str) -> Values:
    *others, record, _ = values
    return (*others, str(record).replace(_ID, task_id), task_id)


def _task(number: int) -> Task:
    """A task as a real one is at its end."""
    later = datetime.now(UTC)  # they expire well after the benchmark
    task = Task(
        id=_ID,
        app=APP,
        command=f"python manage.py import_orders --part {number} --verbose",
        cpu=0.25,
        memory=0.5,
        ephemeral_storage_gb=21,
        max_hours=24,
        initiated_by=f"user-{number}",
        created_by=f"token-{number}",
        tags={"ticket": f"OPS-{number}"},
        created_at=later,
        history=(Change(status=Status.PENDING, time=later),),
    )
    plan = {"driver": "process", "workdir": None, "stop_timeout": 30.0}
    task = accept_launch(begin_attempt(task, plan, later), _ARN, later)
    return observe(task, _end(1 if number == 0 else 0, later), later)


def _end(exit_code: int, at: datetime) -> Sighting:
    return Sighting(
        version=3,
        arn=_ARN,
        is_stopped=True,
        started_at=at,
        stopped_at=at,
        stop_code="EssentialContainerExited",
        exit_code=exit_code,
        reason="Essential container in task exited",
    )
