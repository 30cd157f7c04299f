"""Run the real `tapit` in a process of its own, with an environment of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.scripted_home import Answers, ScriptedHome, a_list
from tests.home_process import HomeProcess

BIN = Path(sys.executable).parent
TOKEN = "tpt_test_secret"

Ran = subprocess.CompletedProcess[str]
HomeThat = Callable[[Answers], ScriptedHome]


class Place:
    """A user's home folder and environment, empty at first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[subprocess.Popen[str]] = []
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

    def save_profile(self, name: str, url: str, token: str = TOKEN) -> None:
        script = (
            "import sys; from tapit.home.config_file import save_profile; print(save_profile(*sys.argv[1:]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, name, url, token],
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout.strip()) == (0, str(self.config)), done.stderr

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

    def start(self, *words: str, ignoring: signal.Signals | None = None) -> "subprocess.Popen[str]":
        """Start what is to end before the place is left; `ignoring` is what a shell had it ignore."""
        trap = "" if ignoring is None else f"trap '' {ignoring}; "
        started = subprocess.Popen(
            ["sh", "-c", f'{trap}exec "$@"', "sh", BIN / "tapit", *words],
            env=self.env,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        self._started.append(started)
        return started

    def leave(self) -> None:
        """See that nothing outlives its test, also when that failed."""
        for process in self._started:
            with process:
                process.kill()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    own = Place(tmp_path)
    yield own
    own.leave()


@pytest.fixture
def home_that(place: Place) -> Iterator[HomeThat]:
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
def profile_home(home_that: HomeThat, place: Place) -> ScriptedHome:
    """A home that only a profile leads to, with nothing in it."""
    started = home_that(a_list())
    for variable in ("TAPIT_URL", "TAPIT_TOKEN", "TAPIT_APP"):
        del place.env[variable]
    return started


@pytest.fixture
def machine(home: HomeProcess, place: Place) -> Place:
    """A user whose machine runs the real local home, with an app that only this test uses."""
    place.env |= home.env_for(home.new_app(environment={"APP_NAME": "demo"}))
    return place
