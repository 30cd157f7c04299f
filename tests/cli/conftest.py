"""Run the real `tapit` in a process of its own, with an environment of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.scripted_home import Answers, ScriptedHome
from tests.home_process import HomeProcess

BIN = Path(sys.executable).parent
TOKEN = "tpt_test_secret"

Ran = subprocess.CompletedProcess[str]


class Place:
    """A user's home folder and environment, empty at first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            "HOME": str(folder),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_DATA_HOME": str(folder / "data"),
        }

    @property
    def config(self) -> Path:
        return self.folder / "config" / "tapit" / "config.toml"

    @property
    def tokens(self) -> Path:
        return self.folder / "state" / "tapit" / "tokens"

    def knows(self, home: ScriptedHome) -> None:
        self.env |= {"TAPIT_URL": home.url, "TAPIT_TOKEN": TOKEN, "TAPIT_APP": "demo"}

    def run(self, *words: str, typed: str = "", cwd: Path | None = None, **env: str) -> Ran:
        return subprocess.run(
            [BIN / "tapit", *words],
            env=self.env | env,
            cwd=cwd or self.folder,
            capture_output=True,
            text=True,
            input=typed,
            timeout=60,
            check=False,
        )

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [BIN / "tapit", *words],
            env=self.env,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def home_that(place: Place) -> Iterator[Callable[[Answers], ScriptedHome]]:
    """Start a home that answers so, and let `tapit` know where it is."""
    started: list[ScriptedHome] = []

    def start(answers: Answers) -> ScriptedHome:
        home = ScriptedHome(answers)
        started.append(home)
        place.knows(home)
        return home

    yield start
    for home in started:
        home.close()


@pytest.fixture
def machine(home: HomeProcess, place: Place) -> Place:
    """A user whose machine runs the real local home, with an app that only this test uses."""
    place.env |= home.env_for(home.new_app(environment={"APP_NAME": "demo"}))
    return place
