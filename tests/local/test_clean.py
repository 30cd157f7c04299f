"""`tapit-local clean`, where nothing is left of tasks."""

import os
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.home_process import BIN
from tests.local.docker_driver.test_reachable_engine import Ping, answering


class Empty(Ping, BaseHTTPRequestHandler):
    """An engine that has neither containers nor networks."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Api-Version", self.api_version)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[str]:
    with answering(tmp_path / "engine", Empty) as url:
        yield url


def clean(engine: str, *words: str, home: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [BIN / "tapit-local", "clean", *words],
        env={**os.environ, "DOCKER_HOST": engine, "HOME": str(home), "XDG_DATA_HOME": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_that_there_is_nothing_to_remove_is_said(engine: str, tmp_path: Path) -> None:
    of_the_usual, of_one = (
        clean(engine, home=tmp_path),
        clean(engine, "--state", str(tmp_path), home=tmp_path),
    )

    for done in (of_the_usual, of_one):
        assert (done.returncode, done.stdout, done.stderr) == (0, "Nothing to remove.\n", "")


def test_a_folder_that_is_not_there_is_told_of(engine: str, tmp_path: Path) -> None:
    misspelt = tmp_path / "stat"

    done = clean(engine, "--state", str(misspelt), home=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert f"There is no folder {misspelt}, and no container" in done.stderr
    assert "Name the folder that tapit-local keeps its state in" in done.stderr
