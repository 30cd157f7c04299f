"""The real command line on a real home: at a terminal, or between pipes."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.home_process import BIN, HomeProcess
from tests.sessions.person import Person

Ran = subprocess.CompletedProcess[bytes]


class Desk:
    """A user of one app of a home."""

    def __init__(self, home: HomeProcess, folder: Path, **app: Any) -> None:
        self.home = home
        self.app = home.new_app(environment={"APP_NAME": "demo", "PS1": "prompt> ", "ENV": ""}, **app)
        self.env = home.env_for(self.app)
        self._folder = folder
        self._people: list[Person] = []

    def sits_down(self, *words: str, road: str | None = None) -> Person:
        self._people.append(Person((BIN / "tapit", *words), self._env_over(road), self._folder))
        return self._people[-1]

    def pipes(self, *words: str, data: bytes = b"", road: str | None = None) -> Ran:
        return subprocess.run(
            [BIN / "tapit", *words],
            env=self._env_over(road),
            cwd=self._folder,
            input=data,
            capture_output=True,
            timeout=300,
            check=False,
        )

    def piped(self, *words: str) -> "subprocess.Popen[bytes]":
        """Begin what is fed and read as it goes on."""
        return subprocess.Popen(
            [BIN / "tapit", *words],
            env=self.env,
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def _env_over(self, road: str | None) -> dict[str, str]:
        return self.env | ({"TAPIT_URL": road, "TAPIT_TOKEN": self.home.token} if road else {})

    def tasks(self) -> list[dict[str, Any]]:
        page = self.home.api.get(f"/apps/{self.app}/tasks")
        return list(page["items"])

    def only_task(self) -> str:
        (task,) = self.tasks()
        return str(task["id"])

    def place_of(self, task_id: str) -> Path:
        """Return the folder that the task's command runs in."""
        return self.home.folder(task_id).path / "work"

    def ended(self, task_id: str) -> Any:
        """Return the task once it is over."""
        return self.home.api.finished(task_id)

    def close(self) -> None:
        for person in self._people:
            person.close()


@pytest.fixture
def desk(home: HomeProcess, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(home, tmp_path)
    yield made
    made.close()


@pytest.fixture
def desk_at(tmp_path: Path) -> Iterator[Callable[[HomeProcess], Desk]]:
    """A desk at a home of the test's own."""
    made: list[Desk] = []

    def make(home: HomeProcess) -> Desk:
        made.append(Desk(home, tmp_path))
        return made[-1]

    yield make
    for each in made:
        each.close()
