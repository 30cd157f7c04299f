"""Which sockets are engines', whether or not one is in use."""

import json
from pathlib import Path

import pytest

from local.docker_driver.engine_addresses import engine_sockets, urls_to_ask

USUAL = [
    "home/.docker/run/docker.sock",
    "home/.docker/desktop/docker.sock",
    "home/.orbstack/run/docker.sock",
    "home/.colima/default/docker.sock",
    "home/.colima/work/docker.sock",
    "home/.lima/docker/sock/docker.sock",
    "home/.rd/docker.sock",
    "home/.local/share/containers/podman/machine/podman.sock",
    "runtime/docker.sock",
    "runtime/podman/podman.sock",
]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"HOME": f"{tmp_path}/home", "XDG_RUNTIME_DIR": f"{tmp_path}/runtime"}


@pytest.mark.parametrize("name", USUAL)
def test_what_may_be_asked_is_on_the_list_of_what_no_task_gets(
    tmp_path: Path, environment: dict[str, str], name: str
) -> None:
    assert f"{tmp_path}/{name}" not in engine_sockets(environment)
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).touch()

    assert f"{tmp_path}/{name}" in engine_sockets(environment)
    assert f"unix://{tmp_path}/{name}" in list(urls_to_ask(environment))


def test_all_contexts_count_and_whatever_is_named_and_not_the_chosen_one_alone(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    for name, host in {"one": "unix:///one.sock", "two": "unix:///two.sock", "far": "ssh://far"}.items():
        folder = tmp_path / "home/.docker/contexts/meta" / name
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": host}}}))
    named = {"DOCKER_HOST": "unix:///named.sock", "CONTAINER_HOST": "unix:///podman.sock"}

    found = engine_sockets(environment | named)

    assert {"/one.sock", "/two.sock", "/named.sock", "/podman.sock"} <= set(found)


@pytest.mark.parametrize("host", ["tcp://[::1", "garbage"])
def test_what_is_named_and_no_address_counts_for_nothing(host: str) -> None:
    assert engine_sockets({"DOCKER_HOST": host}) == engine_sockets({})


def test_the_machines_own_count_whether_or_not_they_are_there() -> None:
    assert {"/var/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock"} <= set(
        engine_sockets({})
    )
