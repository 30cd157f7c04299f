"""Images that are not on this machine: fetched, or why not and what to do about it."""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.containers.container_home import ContainerHome, container_home
from tests.containers.engine import Engine
from tests.containers.images import BUSYBOX
from tests.containers.podman import CLOSED_REGISTRY, SILENT_REGISTRY, Podman, kill
from tests.containers.registry import (
    CLOSED,
    FOR_ANOTHER_MACHINE,
    LISTS_ANOTHER_MACHINE,
    NAME,
    NOBODY_THERE,
    PASSWORD,
    REPOSITORY,
    docker_config,
)
from tests.local.supervisor.supervised_task import until

SILENT = Path(__file__).with_name("silent_registry.py")
HELPERS_VARIABLE = {"TESTS_PROFILE": "shop"}
SAYS_TAG = "echo $TAG"


@pytest.fixture(autouse=True)
def _nothing_is_here(engine: Engine, registry: None) -> Iterator[None]:
    """No image of a registry is on this machine."""
    yield
    with engine.client() as client:
        for image in client.images.list():
            if any(tag.startswith(("127.0.0.1:", "localhost/tapit-tests/web")) for tag in image.tags):
                client.images.remove(image.id, force=True)


@pytest.fixture(scope="module")
def app(shared: ContainerHome) -> str:
    return shared.new_app(f"{REPOSITORY}:1")


def ran(home: ContainerHome, app: str, command: str = SAYS_TAG, **fields: Any) -> Any:
    task = home.api.run(app, command, **fields)
    return task | {"lines": home.api.lines(task["id"])}


def has(engine: Engine, name: str) -> bool:
    with engine.client() as client:
        return any(name in image.tags for image in client.images.list())


def docker_helper(user: Path) -> None:
    """A program knows the login, where it is found and its user's variables are."""
    (user / ".docker").mkdir()
    (user / ".docker" / "config.json").write_text(json.dumps({"credHelpers": {CLOSED_REGISTRY: "tests"}}))
    helper = user / "docker-credential-tests"
    login = json.dumps({"Username": NAME, "Secret": PASSWORD})
    helper.write_text(f"#!/bin/sh\n[ $TESTS_PROFILE = shop ] && echo '{login}'\n")
    helper.chmod(0o755)


def content(path: Path) -> bytes:
    """What is no file has none, nor has what a task's end took away."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except OSError:
        return b""


def test_an_image_is_fetched_where_it_is_missing_and_its_history_says_so(
    shared: ContainerHome, app: str, engine: Engine
) -> None:
    task = ran(shared, app)

    assert (task["lines"], task["exit_code"]) == (["1"], 0)
    assert has(engine, f"{REPOSITORY}:1")


def test_a_tag_is_of_the_apps_repository_and_an_image_is_any(shared: ContainerHome, app: str) -> None:
    assert ran(shared, app, docker_tag="2")["lines"] == ["2"]
    assert ran(shared, app, "id -un", image=BUSYBOX)["lines"] == ["root"]


def test_a_pull_can_be_forbidden_or_asked_for(shared: ContainerHome, app: str, engine: Engine) -> None:
    forbidden = ran(shared, app, pull="never")
    assert (forbidden["status"], forbidden["ended_by"]) == ("FAILED", "start_failure")
    assert "pull=never" in forbidden["diagnosis"]["what"]

    with engine.client() as client:  # an older one by the same name
        client.images.get(BUSYBOX).tag(REPOSITORY, "1")
    assert ran(shared, app)["lines"] == [""]
    assert ran(shared, app, pull="never")["lines"] == [""]
    assert ran(shared, app, pull="always")["lines"] == ["1"]


REFUSED = {
    "no such tag": ({"docker_tag": "none"}, "docker_tag=", "127.0.0.1:5000/shop/web:none"),
    "no such repository": ({"image": f"{REPOSITORY}-not:1"}, "image=", f"{REPOSITORY}-not:1"),
    "closed": ({"image": CLOSED}, "log in to its registry", CLOSED),
    "nobody there": ({"image": NOBODY_THERE}, "cannot be reached", NOBODY_THERE),
    "nobody built it": (
        {"image": "localhost/nobody-built:1"},
        "build it by that name",
        "localhost/nobody-built:1",
    ),
    "no such build": ({"image": "localhost/tapit/shop:9"}, "build=FOLDER", "localhost/tapit/shop:9"),
    "of no registry": ({"image": BUSYBOX, "pull": "always"}, "leave out pull=always", "this machine has it"),
    "another processor": ({"image": FOR_ANOTHER_MACHINE}, "another processor", ""),
    "another processor, by its list": (
        {"image": LISTS_ANOTHER_MACHINE},
        "another processor",
        LISTS_ANOTHER_MACHINE,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_image_that_cannot_be_had_says_why_and_what_to_do(
    shared: ContainerHome, app: str, name: str
) -> None:
    fields, hint, named = REFUSED[name]

    task = ran(shared, app, **fields)

    assert (task["status"], task["ended_by"], task["exit_code"]) == ("FAILED", "start_failure", None), task
    assert hint in task["diagnosis"]["next"], task["diagnosis"]
    assert named in task["diagnosis"]["what"]
    assert "subnet" not in task["diagnosis"]["next"]
    assert "RUNNING" not in [line["status"] for line in task["history"]]
    assert (task["started_at"], task["exit_code"]) == (None, None)


def test_an_image_that_many_tasks_of_two_homes_want_at_once_comes_to_all(
    shared: ContainerHome, engine: Engine, tmp_path: Path
) -> None:
    with container_home(engine, tmp_path / "home") as other, ThreadPoolExecutor(8) as pool:
        apps = [(home, home.new_app(f"{REPOSITORY}:2", networks=["none"])) for home in (shared, other)]
        tasks = list(pool.map(lambda pair: ran(*pair), apps * 4))

    assert [task["lines"] for task in tasks] == [["2"]] * 8


def test_a_private_image_comes_with_the_users_own_login(engine: Engine, tmp_path: Path) -> None:
    with container_home(engine, tmp_path / "home", log_in=docker_config) as home:
        assert ran(home, home.new_app(CLOSED))["lines"] == ["1"]


def test_a_login_may_be_a_helpers_and_one_that_fails_is_named(engine: Engine, tmp_path: Path) -> None:
    with container_home(engine, tmp_path / "home", log_in=docker_helper) as home:
        app = home.new_app(CLOSED)
        refused = ran(home, app, pull="always")
        home.process.end()
        home.process.start(**HELPERS_VARIABLE, PATH=f"{home.process.user}:{home.process.env['PATH']}")
        task = ran(home, app, pull="always")
        known = [
            path for path in (home.process.state / "runs").rglob("*") if PASSWORD.encode() in content(path)
        ]

    assert "docker-credential-tests is not on the PATH" in refused["diagnosis"]["what"], refused
    assert "docker login" in refused["diagnosis"]["next"]
    assert task["lines"] == ["1"], task
    assert known == []


def test_a_configuration_of_docker_that_is_none_fails_the_start_and_is_named(
    engine: Engine, tmp_path: Path
) -> None:
    def garbled(user: Path) -> None:
        (user / ".docker").mkdir()
        (user / ".docker" / "config.json").write_text('{"auths": {"a": {"auth": "!"}}}')

    with container_home(engine, tmp_path / "home", log_in=garbled) as home:
        task = ran(home, home.new_app(BUSYBOX))

    assert task["ended_by"] == "start_failure"
    assert "/.docker/config.json is no configuration" in task["diagnosis"]["what"]


def test_a_registry_that_falls_silent_keeps_nobody_from_stopping_its_task(
    shared: ContainerHome, own_podman: Podman
) -> None:
    """It sends a part of a layer, and holds the line."""
    port = SILENT_REGISTRY.rpartition(":")[2]
    silent = own_podman.run_inside(sys.executable, str(SILENT), port)
    try:
        app = shared.new_app(f"{SILENT_REGISTRY}/shop/web:1", networks=["none"])
        until(lambda: f"silent on {port}" in own_podman.log)
        task_id = shared.api.create(app, "true", max_hours=1 / 3600)["id"]
        until(lambda: "0 of 1 layers" in (shared.api.show(task_id)["waiting_for"] or ""))
        shared.api.stop(task_id)
        task = shared.api.finished(task_id)
    finally:
        kill(silent)

    assert (task["status"], task["started_at"]) == ("STOPPED", None)
