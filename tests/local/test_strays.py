"""A process of ours that no record watches is ended too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.ecs_tasks import task_arn
from local.nursery import Nursery
from local.processes import ProcessCluster
from local.run_folder import Exited, Running
from local.run_folders import RunFolders
from tests.builders import a_starting_task, an_app
from tests.local.supervised_task import until


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ProcessCluster]:
    nursery = Nursery()
    yield ProcessCluster(RunFolders(tmp_path), nursery, tmp_path / "doorbell", lambda _id, _folder: None)
    nursery.close()


def test_a_stray_is_asked_to_end_like_any_other(cluster: ProcessCluster, tmp_path: Path) -> None:
    task, app = a_starting_task(command="trap 'exit 7' TERM; while :; do sleep 0.1; done"), an_app()
    assert task.launch is not None
    planned = task.but(launch=task.launch.model_copy(update={"plan": cluster.plan(task, app)}))
    arn = cluster.start(planned, app)
    folder = RunFolders(tmp_path).named(task.id, 1)
    until(lambda: isinstance(folder.state(), Running))

    for _ in range(2):
        cluster.stop_stray(arn, f"tapit: task {task.id} is over")

    until(lambda: isinstance(folder.state(), Exited))
    until(lambda: not folder.is_alive())


def test_a_stray_that_left_nothing_behind_is_stopped_already(cluster: ProcessCluster) -> None:
    cluster.stop_stray(task_arn("1jd3m8k7x2qf", 1), "over")
