"""`build=`: a real engine builds, asked by the docker or the podman that is on this machine."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Place, place  # noqa: F401 - a fixture
from tests.containers.engine import Engine
from tests.containers.images import BUSYBOX
from tests.home_process import HomeProcess

DOCKERFILE = f"FROM {BUSYBOX}\nCOPY hello /hello\nENV GREETING=hi\n"
Desk = Callable[[str], Place]


@pytest.fixture
def desk(engine: Engine, own_home: HomeProcess, place: Place) -> Desk:  # noqa: F811
    """Somebody who has one of the two programs; podman asks an engine elsewhere by a variable of its own."""

    def with_program(name: str) -> Place:
        program = shutil.which(name)
        if program is None:
            pytest.skip(f"{name} is not installed")
        programs = place.folder / "programs"
        programs.mkdir()
        (programs / name).symlink_to(program)
        path = {"PATH": str(programs), "DOCKER_HOST": engine.host, "CONTAINER_HOST": engine.host}
        own_home.end()
        own_home.start(DOCKER_HOST=engine.host)
        place.env |= {**own_home.env, **path}
        return place

    return with_program


@pytest.mark.parametrize("program", ["docker", "podman"])
def test_tasks_run_in_an_image_of_the_folder_also_by_lines_of_its_procfile(program: str, desk: Desk) -> None:
    user = desk(program)
    folder = a_folder(user.folder)

    made = user.run("create", "app", "name=shop", f"build={folder}")

    assert made.returncode == 0, made.stderr
    app = json.loads(made.stdout)
    assert app["image"].startswith("localhost/tapit/shop:")
    assert app["environment"] == []
    assert f"Building an image of {folder}: {program} build" in made.stderr
    assert "COPY hello" in made.stderr
    assert user.run("create", "task", "command=greet", "-w").stdout == "hi hello\n"


@pytest.mark.parametrize("program", ["docker", "podman"])
def test_it_is_built_anew_when_it_is_asked_for(program: str, desk: Desk) -> None:
    user = desk(program)
    folder = a_folder(user.folder)
    before = json.loads(user.run("create", "app", "name=shop", f"build={folder}", "-q").stdout)["image"]
    (folder / "hello").write_text("hello again\n")

    changed = user.run("set", "app", "name=shop", f"build={folder}", "-q")

    assert changed.stderr == ""
    assert json.loads(changed.stdout)["image"] != before


@pytest.mark.parametrize("quiet", [(), ("-q",)], ids=["loud", "quiet"])
def test_a_build_that_fails_shows_why_and_makes_no_app(quiet: tuple[str, ...], desk: Desk) -> None:
    user = desk("docker" if shutil.which("docker") else "podman")
    folder = a_folder(user.folder)
    (folder / "hello").unlink()

    refused = user.run("create", "app", "name=shop", f"build={folder}", *quiet)

    assert refused.returncode == 1
    assert "no image was built for shop" in refused.stderr
    assert "COPY hello" in refused.stderr
    assert json.loads(user.run("list", "apps", "-o", "json").stdout) == []


def a_folder(beside: Path) -> Path:
    folder = beside / "shop"
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "hello").write_text("hello\n")
    (folder / "Procfile").write_text('greet: echo "$GREETING $(cat /hello)"\n')
    return folder
