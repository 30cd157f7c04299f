"""Containers that begin with catatonit, as those of a Podman do that distributions install."""

from collections.abc import Iterator

import pytest

from tests.containers.container_home import ContainerHome, container_home
from tests.containers.engine import Engine
from tests.containers.images import (
    BUSYBOX,
    OTHER_ARCHITECTURE,
    busybox,
    for_another_machine,
    image,
    without_shell,
)
from tests.containers.podman import CannotRun, podman

WITHOUT_SHELL = "localhost/tapit-tests/without-shell:1"
FOREIGN = "localhost/tapit-tests/foreign:1"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerHome]:
    try:
        with podman(init="catatonit") as own:
            engine = Engine(own.host, own)
            with engine.client() as client:
                client.images.load(image(BUSYBOX, busybox))
                client.images.load(image(WITHOUT_SHELL, without_shell))
                client.images.load(image(FOREIGN, for_another_machine, OTHER_ARCHITECTURE))
            with container_home(engine, tmp_path_factory.mktemp("home")) as home:
                yield home
    except CannotRun as why:
        pytest.skip(f"No Podman with catatonit can run here: {why}")


@pytest.mark.parametrize(("name", "hint"), [(WITHOUT_SHELL, "no /bin/sh"), (FOREIGN, "another processor")])
def test_an_image_in_which_nothing_can_run_is_told_of_and_never_said_to_run(
    home: ContainerHome, name: str, hint: str
) -> None:
    task = home.api.run(home.new_app(name, networks=["none"]), "true")

    assert task["ended_by"] == "start_failure", task
    assert hint in task["diagnosis"]["next"]
    assert [line["status"] for line in task["history"]] == ["PENDING", "STARTING", "FAILED"]


def test_a_command_has_its_own_exit_code_and_hears_a_stop(home: ContainerHome) -> None:
    app = home.new_app(BUSYBOX, networks=["none"])
    assert home.api.run(app, "exit 1")["ended_by"] == "exit"

    task_id = home.api.create(app, "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.05; done")[
        "id"
    ]
    home.api.says(task_id, "up")
    home.api.stop(task_id)

    assert home.api.finished(task_id)["exit_code"] == 7
    assert home.api.lines(task_id)[-1] == "bye"
