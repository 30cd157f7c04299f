"""`build=` as far as it needs no engine: a Procfile, and what is told where nothing can be built."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Place
from tests.home_process import HomeProcess


@pytest.fixture
def desk(own_home: HomeProcess, place: Place) -> Place:
    """Somebody at a home of their own."""
    place.env |= own_home.env
    return place


def folder_with(place: Place, **files: str) -> Path:
    folder = place.folder / "shop"
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content)
    return folder


def test_each_line_of_a_procfile_becomes_a_saved_command(desk: Place) -> None:
    folder = folder_with(desk, Procfile='# types\nweb: httpd -p $PORT\n\nCelery_Beat:  echo "$PWD"\n')

    made = desk.run("create", "app", "name=shop", "build=shop")
    ran = desk.run("create", "task", "command=celery-beat", "-w")

    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["workdir"] == str(folder)
    assert "There is no Dockerfile: tasks run as processes in that folder." in made.stderr
    assert "Saved its commands web, celery-beat." in made.stderr
    assert ran.stdout == f"{folder}\n"


def test_a_procfile_that_is_read_again_changes_lines_and_nothing_else(desk: Place) -> None:
    folder_with(desk, Procfile="web: httpd\nworker: work\n")
    desk.run("create", "app", "name=shop", "build=shop")
    desk.run("set", "command", "name=worker", "memory=2")
    folder_with(desk, Procfile="worker: work --hard\nrelease: migrate\n")

    changed = desk.run("set", "app", "name=shop", "build=shop")

    assert "Saved its commands worker, release." in changed.stderr
    saved = {one["name"]: one for one in json.loads(desk.run("list", "commands", "-o", "json").stdout)}
    assert {name: one["command"] for name, one in saved.items()} == {
        "web": "httpd",
        "worker": "work --hard",
        "release": "migrate",
    }
    assert saved["worker"]["memory"] == 2


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "has neither a Dockerfile nor a Procfile"),
        ({"Procfile": "# nothing\n"}, "has neither a Dockerfile nor a Procfile"),
        ({"Procfile": "web: httpd\nworker\n"}, "Procfile, line 2 is not NAME: COMMAND"),
        ({"Procfile": "web: httpd\nWEB: httpd\n"}, "Procfile, line 2: there is a web already"),
        ({"Procfile": "1st: httpd\n"}, "1st cannot be a saved command's name"),
    ],
)
def test_a_folder_of_which_nothing_can_be_made_is_refused(
    files: dict[str, str], words: str, desk: Place
) -> None:
    folder_with(desk, **files)

    refused = desk.run("create", "app", "name=shop", "build=shop")

    assert refused.returncode == 2
    assert words in refused.stderr
    assert json.loads(desk.run("list", "apps", "-o", "json").stdout) == []


def test_an_app_that_is_there_is_told_before_anything_is_built(desk: Place) -> None:
    folder_with(desk, Dockerfile="FROM scratch\n")
    desk.run("create", "app", "name=shop")

    refused = desk.run("create", "app", "name=shop", "build=shop", PATH="/nowhere")
    missing = desk.run("set", "app", "name=blog", "build=shop", PATH="/nowhere")

    assert "there is an app shop already" in refused.stderr
    assert "tapit set app name=shop build=..." in refused.stderr
    assert (refused.returncode, missing.returncode) == (1, 3)


def test_a_folder_that_is_not_there_is_said_to_be_missing(desk: Place) -> None:
    refused = desk.run("create", "app", "name=shop", "build=misspelt")

    assert refused.returncode == 2
    assert f"there is no folder {desk.folder}/misspelt" in refused.stderr


def test_without_an_engine_it_says_what_to_start(desk: Place) -> None:
    folder_with(desk, Dockerfile="FROM scratch\n")

    refused = desk.run("create", "app", "name=shop", "build=shop", PATH="/nowhere")

    assert refused.returncode == 1
    assert "nothing here can build an image" in refused.stderr
    assert "start Docker, Podman, Colima or OrbStack" in refused.stderr


def test_an_image_of_this_machine_is_of_no_use_elsewhere(place: Place) -> None:
    place.env |= {"TAPIT_URL": "https://tapit.example.com", "TAPIT_TOKEN": "tpt_test_secret"}
    folder_with(place, Dockerfile="FROM scratch\n")

    refused = place.run("create", "app", "name=shop", "build=shop")

    assert refused.returncode == 2
    assert "push the image to a registry, and give image=" in refused.stderr
