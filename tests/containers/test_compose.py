"""Tasks of an app that was read from a compose file, beside the project itself, which docker compose has started."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Place, place  # noqa: F401 - a fixture
from tests.cli.docker_compose import PROGRAM, needs_docker_compose
from tests.containers.engine import Engine
from tests.containers.images import BUSYBOX
from tests.home_process import HomeProcess
from tests.local.supervisor.supervised_task import GENEROUS

pytestmark = needs_docker_compose

SHOP = f"""
name: tapit-tests-shop
services:
  db:
    image: {BUSYBOX}
    command: [sh, -c, "while :; do echo ready | nc -l -p 5432; done"]
    stop_grace_period: 0s
  web:
    image: {BUSYBOX}
    user: ann
    working_dir: /work
    environment: {{MODE: "${{MODE:-dev}}", PRICE: 5$$, LEVEL: info}}
    env_file: web.env
    volumes: ["./conf:/conf", "data:/data", "data:/same:ro"]
    networks: [default, back]
networks:
  back:
volumes:
  data:
"""


@pytest.fixture
def shop(engine: Engine, tmp_path: Path) -> Iterator[Path]:
    """A project that is up, with its database."""
    folder = tmp_path / "project"
    (folder / "conf").mkdir(parents=True)
    (folder / "conf").chmod(0o777)
    (folder / "compose.yaml").write_text(SHOP)
    (folder / "web.env").write_text("TOKEN=sesame\n")
    (folder / ".env").write_text("MODE=of a file\n")
    compose(folder, engine, "up", "--detach", "db")
    yield folder
    compose(folder, engine, "down", "--volumes", "--timeout", "0")


@pytest.fixture
def user(engine: Engine, own_home: HomeProcess, place: Place) -> Place:  # noqa: F811
    """Somebody at a home that finds the engine."""
    own_home.end()
    own_home.start(DOCKER_HOST=engine.host)
    place.env |= own_home.env
    return place


def compose(folder: Path, engine: Engine, *words: str) -> None:
    env = {"DOCKER_HOST": engine.host, "HOME": str(folder), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    subprocess.run([*PROGRAM, *words], cwd=folder, env=env, check=True, timeout=GENEROUS)


def test_a_task_is_as_the_service_is_and_reaches_its_database_by_name(
    engine: Engine, shop: Path, user: Place
) -> None:
    made = user.run("create", "app", "name=shop", f"compose={shop}", "service=web", "env=LEVEL=typed")
    assert made.returncode == 0, made.stderr

    too_early = user.run("create", "task", "-w", "true")
    assert "tapit-tests-shop_back" in too_early.stderr
    assert "docker compose up --no-start SERVICE" in " ".join(too_early.stderr.split())

    compose(shop, engine, "up", "--no-start", "web")
    lines = {
        "nc db 5432 </dev/null": "ready",
        'echo "$MODE $PRICE $LEVEL $TOKEN"': "of a file 5$ typed sesame",
        "id -un; pwd": "ann\n/work",
        "echo kept >/conf/file; cat /conf/file": "kept",
        "touch /same/x 2>/dev/null || echo cannot": "cannot",
    }
    for line, printed in lines.items():
        ran = user.run("create", "task", line, "-w", "-q")
        assert ran.stdout == f"{printed}\n", ran.stderr
    assert (shop / "conf" / "file").read_text() == "kept\n"
