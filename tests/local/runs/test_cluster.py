"""What the cluster of one machine does to tasks that are no longer, or not yet, in a server's hands."""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.domain.errors import Unanswered
from chalicelib.domain.task import Task, miss
from local.process_driver import process_tree
from local.process_driver.leftovers import kill_leftovers
from local.process_driver.process_driver import FORK_SERVER, ProcessDriver
from local.runs.cluster import LocalCluster
from local.runs.ecs_tasks import task_arn
from local.runs.run_folder import RunFolder, Running
from local.runs.run_folders import RunFolders
from local.runs.supervisor_starter import SupervisorStarter
from tests.builders import a_starting_task, an_app
from tests.local.supervisor.supervised_task import until


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[LocalCluster]:
    starter = SupervisorStarter(FORK_SERVER)
    yield _a_cluster(tmp_path, starter)
    starter.close()
    for path in tmp_path.glob("*-1"):
        folder = RunFolder(path, path.name.rpartition("-")[0])
        until(lambda folder=folder: not kill_leftovers(folder) and not folder.is_alive())  # type: ignore[misc]


def test_a_stray_that_left_nothing_behind_is_stopped_already(cluster: LocalCluster) -> None:
    cluster.stop_stray(task_arn("1jd3m8k7x2qf", 1), "over")


def test_a_start_that_nobody_answers_for_is_to_be_repeated(tmp_path: Path) -> None:
    ends_at_once = tmp_path / "fork_server.py"
    ends_at_once.touch()
    starter = SupervisorStarter(ends_at_once)
    cluster = _a_cluster(tmp_path, starter)

    with pytest.raises(Unanswered, match="before it began"):
        _started(cluster, "echo never")


def test_forgetting_a_task_whose_supervisor_was_killed_leaves_no_process_of_it(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    task = _started(cluster, "setsid sleep 1000 & echo ready; sleep 1000")
    folder = _folder_of_running(tmp_path, task)
    until(lambda: folder.output.size() > 0)
    _kill_supervisor(folder)

    cluster.forget(task)

    assert process_tree.tagged(task.id) == []
    assert not folder.path.exists()


def test_the_end_of_a_task_that_nobody_saw_is_when_its_supervisor_last_showed_life(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    """As after a power cut: the time until somebody looks is no time that it ran."""
    task = _started(cluster, "exec sleep 1000")
    folder = _folder_of_running(tmp_path, task)
    _kill_supervisor(folder)
    an_hour_ago = time.time() - 3600
    for name in ("lock", "output", "started.json"):
        os.utime(folder.path / name, (an_hour_ago, an_hour_ago))

    seen = cluster.look([task])[task.id]

    assert seen is not None
    assert seen.stopped_at is not None
    assert 0 <= seen.stopped_at.timestamp() - an_hour_ago <= 60


def test_a_task_that_was_asked_to_end_has_been_stopped_although_its_supervisor_was_killed(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    task = _started(cluster, "trap '' TERM; echo ready; while :; do sleep 0.1; done")
    folder = _folder_of_running(tmp_path, task)
    until(lambda: folder.output.size() > 0)
    cluster.stop(task, "stopped by ann")
    _kill_supervisor(folder)

    seen = cluster.look([task])[task.id]

    assert seen is not None
    assert (seen.stop_code, seen.reason) == ("UserInitiated", "stopped by ann")


def test_what_is_left_of_a_task_without_folder_and_supervisor_is_killed_when_it_is_missed_again(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    task = _started(cluster, "setsid sh -c 'echo ready; while :; do sleep 0.1; done' & exec sleep 1000")
    folder = _folder_of_running(tmp_path, task)
    until(lambda: folder.output.size() > 0)  # a shell that has not come that far dies with its supervisor
    _kill_supervisor(folder)
    shutil.rmtree(folder.path)

    assert cluster.look([task]) == {task.id: None}
    assert process_tree.tagged(task.id) != []
    assert cluster.look([miss(task, datetime.now(UTC))]) == {task.id: None}
    assert process_tree.tagged(task.id) == []


def test_how_long_a_task_has_run_is_not_read_from_a_clock_that_may_be_set(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    task = _started(cluster, "exec sleep 1000")
    record = _folder_of_running(tmp_path, task).path / "started.json"

    assert not cluster.has_run_its_time(task)
    started = json.loads(record.read_text())
    record.write_text(json.dumps(started | {"machine_time": started["machine_time"] - 24 * 3600}))
    assert cluster.has_run_its_time(task)


def _kill_supervisor(folder: RunFolder) -> None:
    supervisor = folder.supervisor_pid()
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: not folder.is_alive())


def _a_cluster(place: Path, starter: SupervisorStarter) -> LocalCluster:
    driver = ProcessDriver(place / "notifications")
    return LocalCluster(
        RunFolders(place), driver, {"process": starter}, lambda _id, _folder: None, lambda _app: {}
    )


def _started(cluster: LocalCluster, command: str) -> Task:
    task, app = a_starting_task(command=command), an_app()
    assert task.launch is not None
    planned = task.but(launch=task.launch.model_copy(update={"plan": cluster.plan(task, app)}))
    cluster.start(planned, app)
    return planned


def _folder_of_running(place: Path, task: Task) -> RunFolder:
    folder = RunFolders(place).named(task.id, 1)
    until(lambda: isinstance(folder.state(), Running))
    return folder
