"""Nothing is left of tasks in containers: not after their records are gone, and not after crashes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.container_home import ContainerHome, container_home
from tests.containers.engine import Engine
from tests.containers.images import BUSYBOX
from tests.local.supervisor.supervised_task import until

WAITS = "echo up; exec sleep 1000"


@pytest.fixture
def own(engine: Engine, tmp_path: Path) -> Iterator[ContainerHome]:
    with container_home(engine, tmp_path / "home") as home:
        yield home


def a_running_task(home: ContainerHome) -> str:
    task_id = str(home.api.create(home.new_app(BUSYBOX, stop_timeout=2), WAITS)["id"])
    home.api.says(task_id, "up")
    return task_id


def test_with_its_record_all_of_a_task_is_gone(own: ContainerHome) -> None:
    task = own.api.run(own.new_app(BUSYBOX, mounts=["/own"]), "touch /own/file")

    own.api.delete(f"/tasks/{task['id']}")

    until(lambda: not own.left())


def test_what_a_crash_left_is_cleaned_away_and_what_runs_is_left_alone(own: ContainerHome) -> None:
    running, left = a_running_task(own), a_running_task(own)
    own.process.kill()
    own.kill_supervisor(left)

    done = own.clean()

    assert (done.returncode, done.stderr) == (0, "")
    assert f"Removed container tapit-{left}-1." in done.stdout.splitlines()
    assert running not in done.stdout
    assert own.container_of(running)["State"]["Running"]
    assert own.clean().stdout == "Nothing to remove.\n"
    own.process.start()
    assert own.api.finished(left)["status"] == "FAILED"
    own.api.stop(running)
    assert own.api.finished(running)["status"] == "STOPPED"


def test_what_a_home_left_that_is_no_more_is_cleaned_away(own: ContainerHome) -> None:
    task_id = a_running_task(own)
    own.process.kill()
    own.kill_supervisor(task_id)
    shutil.rmtree(own.process.state)

    done = own.clean()

    assert f"container tapit-{task_id}-1" in done.stdout
    assert own.left() == []


def test_without_an_engine_it_says_what_it_could_not_do(own: ContainerHome) -> None:
    done = own.clean(DOCKER_HOST="unix:///no/such.sock")

    assert done.returncode == 1
    assert "no container engine answers" in done.stderr
    assert "Start it, or start tapit-local without DOCKER_HOST" in done.stderr
