"""A disk of the engine's that is full: said to be so, nothing half-done is left, and all goes on once there is room."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.containers.container_home import ContainerHome, container_home
from tests.containers.engine import Engine
from tests.containers.images import BUSYBOX, busybox, image, with_megabytes
from tests.containers.podman import REGISTRY, CannotRun, Podman, podman
from tests.containers.registry import push, registries
from tests.local.supervisor.supervised_task import until

LITTLE, ENOUGH = 20, 200
LARGE = f"{REGISTRY}/shop/large:1"


@pytest.fixture(scope="module")
def small() -> Iterator[Podman]:
    """A Podman with little room, and a registry with an image that is larger than that."""
    try:
        with podman(room=ENOUGH) as own, registries(Engine(own.host, own), own):
            with Engine(own.host).client() as client:
                push(client, LARGE, image(LARGE, with_megabytes(30)))
                client.images.load(image(BUSYBOX, busybox, Cmd=["/bin/sh"]))
            own.give_room(LITTLE)
            yield own
    except CannotRun as why:
        pytest.skip(f"No engine with a disk of its own can be had here: {why}")


@pytest.fixture(scope="module")
def home(small: Podman, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerHome]:
    with container_home(Engine(small.host, small), tmp_path_factory.mktemp("home")) as home:
        yield home


def layers(small: Podman) -> set[str]:
    return {path.name for path in Path(f"/proc/{small.pid}/root{small.folder}/root/overlay").iterdir()}


def is_said_to_be_full(task: Any) -> bool:
    return task["ended_by"] == "start_failure" and "engine's disk is full" in task["diagnosis"]["next"]


def test_an_image_that_finds_no_room_leaves_nothing_and_comes_when_there_is(
    home: ContainerHome, small: Podman
) -> None:
    app, before = home.new_app(LARGE, networks=["none"]), layers(small)

    task = home.api.run(app, "true")

    assert is_said_to_be_full(task), task
    assert layers(small) == before
    small.give_room(ENOUGH)
    assert home.api.run(app, "true")["exit_code"] == 0
    with home.engine.client() as client:
        client.images.remove(LARGE)
    small.give_room(LITTLE)


def test_a_container_that_finds_no_room_leaves_nothing_and_the_next_one_runs(
    home: ContainerHome, small: Podman
) -> None:
    app = home.new_app(BUSYBOX, networks=["none"])
    until(lambda: not home.left())
    small.fill_disk()
    try:
        task = home.api.run(app, "true")
    finally:
        small.free_disk()

    assert is_said_to_be_full(task), task
    until(lambda: not home.left())
    assert home.api.run(app, "true")["exit_code"] == 0


def test_a_task_that_finds_the_disk_full_is_heard_to_its_end(home: ContainerHome, small: Podman) -> None:
    app = home.new_app(BUSYBOX, networks=["none"], stop_timeout=20)
    task_id = home.api.create(app, "trap 'seq 1000; exit 3' TERM; echo up; while :; do sleep 0.1; done")["id"]
    home.api.says(task_id, "up")
    small.fill_disk()
    try:
        home.api.stop(task_id)
        task = home.api.finished(task_id)
    finally:
        small.free_disk()

    assert task["exit_code"] == 3, task
    assert home.api.lines(task_id)[-1] == "1000"
    until(lambda: not home.left())
