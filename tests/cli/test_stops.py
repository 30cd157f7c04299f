"""However a person stops a task, its command has its time to end well."""

import json
import signal
from pathlib import Path

import pytest

from tests.cli.conftest import Place
from tests.home_process import HomeProcess
from tests.local.supervisor.supervised_task import until
from tests.stops.lines import WELL

LINE = f"echo ready; {WELL} 5; echo after"
PRINTED = "ready\nstopping\nbye\n"


class Stopping:
    """A task whose command waits for `lets_go` before it ends."""

    def __init__(self, machine: Place, home: HomeProcess) -> None:
        self._machine = machine
        self._home = home

    @property
    def id(self) -> str:
        return until(self._listed)

    @property
    def place(self) -> Path:
        return self._home.folder(self.id).path / "work"

    def _listed(self) -> str:
        return self._machine.run("list", "tasks", "-o", "id").stdout.strip()

    def is_up(self) -> None:
        until((self.place / "up").exists)

    def lets_go(self) -> None:
        until((self.place / "stopping").exists)
        (self.place / "go").touch()

    def ended(self) -> tuple[str, int, str]:
        self._machine.run("wait", "task", self.id)
        task = json.loads(self._machine.run("show", "task", self.id).stdout)
        return task["status"], task["exit_code"], self._machine.run("logs", self.id).stdout


@pytest.fixture
def task(machine: Place, home: HomeProcess) -> Stopping:
    return Stopping(machine, home)


def test_delete_lets_the_command_end_well(machine: Place, task: Stopping) -> None:
    machine.run("create", "task", LINE)
    task.is_up()

    machine.run("delete", "task", task.id)
    task.lets_go()

    assert task.ended() == ("STOPPED", 5, PRINTED)


def test_the_time_limit_lets_the_command_end_well(machine: Place, task: Stopping) -> None:
    machine.run("create", "task", LINE)
    task.is_up()

    machine.run("set", "task", task.id, "max_hours=0.0001")
    task.lets_go()

    assert task.ended() == ("TIMED_OUT", 5, PRINTED)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_that_cancels_lets_the_command_end_well(
    machine: Place, task: Stopping, number: signal.Signals
) -> None:
    waiting = machine.start("create", "task", LINE, "--wait", "--cancel-on-interrupt")
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "ready\n"
    task.is_up()

    waiting.send_signal(number)
    task.lets_go()

    waiting.communicate(timeout=60)
    assert task.ended() == ("STOPPED", 5, PRINTED)
