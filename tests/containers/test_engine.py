"""The engine that tests have runs what it is told, and nothing of it is left when whoever had it is killed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.containers.engine import Engine
from tests.containers.images import BUSYBOX
from tests.containers.podman import CannotRun, podman
from tests.local.supervisor.supervised_task import GENEROUS, until

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


def test_an_image_of_this_machines_programs_has_what_they_need(engine: Engine, shells_image: str) -> None:
    each = "bash --posix -c :; dash -c :; busybox sh -c :; python3 -IS -c 0"
    with engine.client() as client:
        assert client.containers.run(shells_image, ["sh", "-ec", each], remove=True, stderr=True) == b""


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
