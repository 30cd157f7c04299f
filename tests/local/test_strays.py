"""A process of ours that no record watches is ended too."""

from pathlib import Path

from local.ecs_tasks import task_arn
from local.processes import ProcessCluster
from local.run_folder import Exited, Running
from local.run_folders import RunFolders
from tests.builders import a_starting_task, an_app
from tests.local.supervised_task import until


def a_cluster(place: Path, folders: RunFolders) -> ProcessCluster:
    return ProcessCluster(folders, place / "doorbell", lambda _id, _folder: None)


def test_a_stray_is_asked_to_end_like_any_other(tmp_path: Path) -> None:
    folders = RunFolders(tmp_path)
    cluster = a_cluster(tmp_path, folders)
    task, app = a_starting_task(command="trap 'exit 7' TERM; while :; do sleep 0.1; done"), an_app()
    assert task.launch is not None
    planned = task.but(launch=task.launch.model_copy(update={"plan": cluster.plan(task, app)}))
    arn = cluster.start(planned, app)
    folder = folders.named(task.id, 1)
    until(lambda: isinstance(folder.state(), Running))

    for _ in range(2):
        cluster.stop_stray(arn, f"tapit: task {task.id} is over")

    until(lambda: isinstance(folder.state(), Exited))
    until(lambda: not folder.is_alive())


def test_a_stray_that_left_nothing_behind_is_stopped_already(tmp_path: Path) -> None:
    a_cluster(tmp_path, RunFolders(tmp_path)).stop_stray(task_arn("1jd3m8k7x2qf", 1), "over")
