"""A limit and a stop are kept although the supervisor that should do so stands still."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chalicelib.adapters.clock import SystemClock
from local.runs.run_folder import Vanished
from local.runs.run_requests import request_stop
from local.store.database import Database
from local.store.task_store import SqliteTaskStore
from local.timing.supervisor_watch import SupervisorWatch
from tests.builders import a_running_task
from tests.local.supervisor.supervised_task import Machine, SupervisedTask, machine_in, until


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with machine_in(tmp_path) as machine:
        yield machine


def test_a_supervisor_that_was_stopped_is_woken_for_a_stop(machine: Machine) -> None:
    task = machine.start("trap 'exit 7' TERM; echo up; while :; do sleep 0.01; done")
    task.says(b"up")
    _frozen(task)

    request_stop(task.folder, "enough")

    ended = task.exited()
    assert (ended.exit_code, ended.reason) == (7, "enough")


def test_a_supervisor_that_was_stopped_is_woken_for_a_time_limit(machine: Machine) -> None:
    task = _frozen(machine.start("exec sleep 1000", max_seconds=1000))
    (task.folder.path / "max_seconds").write_text("0.5")  # unheard
    watch = _watching(task)

    _look(watch, task.folder.has_exited)

    assert task.exited().reason.startswith("tapit: max_hours=")


def test_a_task_within_its_limit_is_left_alone(machine: Machine) -> None:
    task = machine.start("exec sleep 1000", max_seconds=1000)
    task.running()

    _watching(task).look()

    assert task.folder.stop_reason() is None


def test_a_supervisor_that_nothing_wakes_is_killed_and_its_task_is_stopped_all_the_same(
    machine: Machine,
) -> None:
    task = _frozen(machine.start("exec sleep 1000", stop_timeout=0.01))
    (task.folder.path / "stop").write_text("enough")  # unheard
    gone: list[str] = []
    watch = SupervisorWatch(gone.append, patience=0)
    watch.runs(task.folder.task_id, task.folder)

    _look(watch, lambda: bool(gone))

    state = task.folder.state()
    assert isinstance(state, Vanished)
    assert state.stop_reason == "enough"


def test_a_task_whose_record_is_gone_is_stopped(machine: Machine, tmp_path: Path) -> None:
    database = Database(tmp_path / "tapit.db")
    store = SqliteTaskStore(database, SystemClock(), lambda _: None)
    kept, stray = machine.task(a_running_task().id), machine.start("exec sleep 1000")
    store.create(a_running_task(), None, None)
    watch = _watching(stray, kept)

    watch.stop_strays(store)
    database.close()

    assert "there is no task" in stray.exited().reason
    assert kept.folder.stop_reason() is None


def _frozen(task: SupervisedTask) -> SupervisedTask:
    os.kill(task.running().supervisor_pid, signal.SIGSTOP)
    return task


def _look(watch: SupervisorWatch, until_so: Callable[[], bool]) -> None:
    def looked() -> bool:
        watch.look()
        return until_so()

    until(looked)


def _watching(*tasks: SupervisedTask) -> SupervisorWatch:
    watch = SupervisorWatch(lambda _: None)
    for task in tasks:
        watch.runs(task.folder.task_id, task.folder)
    return watch
