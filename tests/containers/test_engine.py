"""The engine that tests have runs what it is told, and nothing of it is left when whoever had it is killed."""

import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.containers.engine import Engine
from tests.containers.images import ARCHITECTURE, BUSYBOX
from tests.containers.podman import CannotRun, podman
from tests.containers.registry import CLOSED, LISTS_ANOTHER_MACHINE, NAME, NOBODY_THERE, PASSWORD, REPOSITORY
from tests.local.supervisor.supervised_task import GENEROUS, until

REFUSED = {
    f"{REPOSITORY}:none": "manifest unknown",
    LISTS_ANOTHER_MACHINE: f"for architecture {ARCHITECTURE}",
    CLOSED: "authentication required",
    NOBODY_THERE: "connection refused",
}
IS_KILLED = """
import os, signal
from tests.containers.images import busybox, image
from tests.containers.engine import Engine
from tests.containers.podman import podman

with podman() as engine:
    with Engine(engine.host).client() as client:
        client.images.load(image("localhost/busybox:1", busybox))
        client.containers.run("localhost/busybox:1", ["sleep", "1000"], detach=True, init=True)
    print(engine.folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_container_runs(engine: Engine) -> None:
    with engine.client() as client:
        container = client.containers.run(BUSYBOX, ["sh", "-c", "echo hi; exit 3"], init=True, detach=True)
        try:
            assert container.wait()["StatusCode"] == 3
            assert container.logs() == b"hi\n"
        finally:
            container.remove(force=True)


@pytest.mark.parametrize("shell", ["bash --posix", "dash", "busybox sh", "python3 -IS"])
def test_an_image_of_this_machines_programs_has_what_they_need(
    engine: Engine, shells_image: str, shell: str
) -> None:
    with engine.client() as client:
        said = client.containers.run(
            shells_image, [*shell.split(), "-c", "print" * ("python" in shell) or ":"], remove=True
        )
    assert said == b""


def test_images_come_from_registries(engine: Engine, registry: None) -> None:
    known = {"username": NAME, "password": PASSWORD}
    with engine.client() as client:
        for name, credentials in ((f"{REPOSITORY}:1", None), (CLOSED, known)):
            client.images.pull(name, auth_config=credentials)
            client.images.remove(name)
        assert {
            name: _error_in(client.api.pull(name, stream=True, decode=True)) for name in REFUSED
        } == REFUSED


def _error_in(progress: Iterable[dict[str, str]]) -> str:
    """Return which of the errors the engine tells of while it pulls: the answer began well."""
    said = " ".join(line.get("error", "") for line in progress)
    return next((why for why in REFUSED.values() if why in said), said)


def test_nothing_is_left_of_an_engine_whose_tests_were_killed() -> None:
    try:
        with podman():
            pass
    except CannotRun as why:
        pytest.skip(str(why))
    killed = subprocess.run(
        [sys.executable, "-c", IS_KILLED], stdout=subprocess.PIPE, text=True, timeout=GENEROUS
    )
    assert killed.returncode == -signal.SIGKILL
    folder = Path(killed.stdout.strip())

    until(lambda: not folder.exists())
    until(lambda: not _processes_about(folder))


def _processes_about(folder: Path) -> list[Path]:
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(folder).encode() in _read(path)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has just ended
        return b""
