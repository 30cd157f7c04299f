"""`compose=`, read by the real docker compose and kept by the real local home."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tapit.sources.compose_service import as_app

from tests.cli.conftest import Place, Ran
from tests.cli.docker_compose import needs_docker_compose
from tests.home_process import HomeProcess

pytestmark = needs_docker_compose

SHOP = """
services:
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: s3cret-of-db}
  web:
    build: .
    user: "1000:1000"
    working_dir: /app
    command: gunicorn shop
    environment:
      MODE: ${MODE:-dev}
      PRICE: 5$$
      NOT_SET_HERE:
    env_file: web.env
    volumes:
      - ./src:/app/src
      - data:/data:ro
      - /app/node_modules
    networks: [default, back]
    depends_on: [db]
  worker:
    extends: {service: web}
    image: registry.example:5000/shop/worker:${TAG:-1}
    profiles: [work]
networks:
  back: {external: true, name: corp}
volumes:
  data:
"""


@pytest.fixture
def project(place: Place) -> Path:
    folder = place.folder / "shop"
    folder.mkdir()
    (folder / "compose.yaml").write_text(SHOP)
    (folder / "web.env").write_text("TOKEN=s3cret-of-web\n")
    return folder


@pytest.fixture
def new_app(home: HomeProcess, place: Place) -> str:
    """A name that nobody has yet."""
    place.env |= {"TAPIT_URL": home.url, "TAPIT_TOKEN": home.token}
    return f"shop-{uuid4().hex[:8]}"


def app_of(ran: Ran) -> dict[str, Any]:
    assert ran.returncode == 0, ran.stderr
    app: dict[str, Any] = json.loads(ran.stdout)
    return app


def with_service(folder: Path, lines: str) -> str:
    """Write a project of one service, and return where it is."""
    file = folder / "compose.yaml"
    file.write_text("name: one\nservices:\n  it:\n" + "".join(f"    {line}\n" for line in lines.splitlines()))
    return f"compose={file}"


def test_an_app_is_like_a_service(place: Place, project: Path, new_app: str) -> None:
    made = place.run("create", "app", f"name={new_app}", "compose=shop/compose.yaml", "service=web")

    app = app_of(made)
    assert {key: app[key] for key in ("image", "workdir", "user", "mounts", "networks", "service")} == {
        "image": "shop-web",
        "workdir": "/app",
        "user": "1000:1000",
        "mounts": [f"{project}/src:/app/src:rw", "shop_data:/data", "/app/node_modules"],
        "networks": ["corp", "shop_default"],
        "service": None,
    }
    assert app["environment"] == ["MODE", "PRICE", "TOKEN"]
    assert "Its image is made by docker compose build web." in made.stderr
    assert "s3cret" not in made.stdout + made.stderr


def test_profiles_extends_and_variables_mean_what_they_mean_there(
    place: Place, project: Path, new_app: str
) -> None:
    words = ("create", "app", f"name={new_app}", f"compose={project}/compose.yaml", "service=worker")

    app = app_of(place.run(*words, TAG="7"))

    assert (app["image"], app["workdir"]) == ("registry.example:5000/shop/worker:7", "/app")


def test_what_is_typed_goes_before_what_the_file_says(place: Place, project: Path, new_app: str) -> None:
    typed = ("image=shop:2", "user=root", "network=none", "mounts=")
    place.run("create", "app", f"name={new_app}", f"compose={project}", "service=web", *typed)

    app = app_of(place.run("show", "app", new_app))

    assert (app["image"], app["user"], app["networks"], app["mounts"]) == ("shop:2", "root", ["none"], [])
    assert app["workdir"] == "/app"


def test_an_app_that_is_read_anew_has_no_remains(place: Place, project: Path, new_app: str) -> None:
    place.run("create", "app", f"name={new_app}", f"compose={project}", "service=web", "memory=2")

    app = app_of(place.run("set", "app", new_app, f"compose={project}", "service=db"))

    assert (app["image"], app["workdir"], app["user"], app["mounts"]) == ("postgres:16", None, None, [])
    assert (app["networks"], app["memory"]) == (["shop_default"], 2)


def test_what_the_app_has_as_a_secret_stays_one(place: Place, project: Path, new_app: str) -> None:
    made = place.run(
        "create",
        "app",
        f"name={new_app}",
        f"compose={project}",
        "service=web",
        "secret=TOKEN",
        typed="hush\n",
    )
    again = place.run("set", "app", new_app, f"compose={project}", "service=web")

    for ran in (made, again):
        assert "Not taken over, for the app has them as secrets: TOKEN." in ran.stderr
        app = app_of(ran)
        assert (app["environment"], app["kept_secrets"]["names"]) == (["MODE", "PRICE"], ["TOKEN"])


def test_the_only_service_needs_no_name(place: Place, new_app: str) -> None:
    file = with_service(place.folder, "image: busybox:1")

    assert app_of(place.run("create", "app", f"name={new_app}", file))["image"] == "busybox:1"


def test_of_several_services_one_has_to_be_named(place: Place, project: Path, new_app: str) -> None:
    refused = place.run("create", "app", f"name={new_app}", f"compose={project}/compose.yaml")

    assert refused.returncode == 2
    assert "They are db, web; an app is like one of them." in refused.stderr
    assert "service=db" in refused.stderr


def test_a_service_that_is_not_there_is_told_with_those_that_are(
    place: Place, project: Path, new_app: str
) -> None:
    refused = place.run("create", "app", f"name={new_app}", f"compose={project}", "service=wep")

    assert refused.returncode == 2
    assert "there is no service wep in that compose project" in refused.stderr
    assert "It has db, web, worker." in refused.stderr
    assert "did you mean service=web?" in refused.stderr


def test_a_file_that_is_not_there_is_said_to_be_missing(place: Place, new_app: str) -> None:
    refused = place.run("create", "app", f"name={new_app}", "compose=misspelt.yaml")

    assert refused.returncode == 2
    assert f"there is no {place.folder}/misspelt.yaml" in refused.stderr


@pytest.mark.parametrize(
    ("lines", "networks"),
    [
        ("image: a\nnetwork_mode: host", ["host"]),
        ("image: a\nnetwork_mode: none", ["none"]),
        ("image: a", ["one_default"]),
    ],
)
def test_tasks_are_where_the_service_is(lines: str, networks: list[str], place: Place, new_app: str) -> None:
    file = with_service(place.folder, lines)

    assert app_of(place.run("create", "app", f"name={new_app}", file))["networks"] == networks


def test_what_is_of_this_machine_is_left_out_where_the_home_is_not() -> None:
    service = {"image": "shop:1", "networks": {"default": None}}
    project = {
        "name": "shop",
        "services": {"web": service},
        "networks": {"default": {"name": "shop_default"}},
    }

    found = as_app(project, "web", {}, is_local=False)

    assert found.body.keys() == {"image", "environment", "workdir", "user"}
    assert found.notes == ["Not taken over from the service web: networks."]


def test_what_tasks_do_not_have_is_said(place: Place, new_app: str) -> None:
    lines = (
        "image: a",
        "privileged: true",
        "cap_add: [NET_ADMIN]",
        "entrypoint: /run.sh",
        "volumes: [{type: tmpfs, target: /t}]",
        "environment: {spring.url: x, TAPIT_URL: y}",
    )
    file = with_service(place.folder, "\n".join(lines))

    made = place.run("create", "app", f"name={new_app}", file)

    assert app_of(made)["environment"] == []
    assert "Not taken over from the service it: cap_add, entrypoint, privileged, /t (tmpfs)." in made.stderr
    assert "Left out, for no task can have variables of such names: TAPIT_URL, spring.url." in made.stderr


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("image: a\nenvironment:\n  PASSWORD: 's3cret${}'", "services.it.environment.PASSWORD"),
        ("image: a\nenvironment:\n  PASSWORD: [s3cret]", "services.it.environment.PASSWORD must be"),
        ("image: ${TAG:?set it}", "required variable TAG is missing a value: set it"),
        ("image: a\nenv_file: bad.env", "unterminated quoted value …"),
        ("image: a\nnetwork_mode: service:other", "docker compose cannot read"),
        ("image: a\nnetwork_mode: container:other", "in the network of another container (container:other)"),
        ("image: a\nvolumes: ['/var/run/docker.sock:/var/run/docker.sock']", "the engine's own socket"),
    ],
)
def test_what_cannot_be_read_is_told_without_any_value(
    lines: str, words: str, place: Place, new_app: str
) -> None:
    (place.folder / "bad.env").write_text('PASSWORD="s3cret\n')
    file = with_service(place.folder, lines)

    refused = place.run("create", "app", f"name={new_app}", file)

    assert refused.returncode == 2
    assert words in refused.stderr
    assert "s3cret" not in refused.stderr
    assert place.run("show", "app", new_app).returncode == 3


def test_what_is_wrong_is_told_and_not_what_it_warns_of_before(place: Place, new_app: str) -> None:
    lines = "image: a\nenvironment:\n  PASSWORD: ${PASSWD}\n  DATABASE: ${DBNAME:?need}"
    (place.folder / "config.json").write_text("no json")  # of which docker itself warns

    refused = place.run(
        "create",
        "app",
        f"name={new_app}",
        with_service(place.folder, lines),
        DOCKER_CONFIG=str(place.folder),
    )

    assert "required variable DBNAME is missing a value: need" in refused.stderr
    assert "PASSWD" not in refused.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("build=.",), "compose= and build= contradict each other"),
        (("cluster=prod",), "compose= and cluster= contradict each other"),
    ],
)
def test_it_goes_with_no_other_source(
    words: tuple[str, ...], told: str, place: Place, project: Path, new_app: str
) -> None:
    refused = place.run("create", "app", f"name={new_app}", f"compose={project}", *words)

    assert refused.returncode == 2
    assert told in refused.stderr


def test_where_docker_compose_is_missing_it_says_what_to_do(
    place: Place, project: Path, new_app: str
) -> None:
    refused = place.run("create", "app", f"name={new_app}", f"compose={project}", PATH="/nowhere")

    assert refused.returncode == 1
    assert "there is no docker compose here" in refused.stderr
    assert "docker-compose-plugin" in refused.stderr
