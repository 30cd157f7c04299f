"""Saved commands and reruns typed at the real local home."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Place
from tests.conftest import NewHome


@pytest.fixture
def machine(new_home: NewHome, place: Place) -> Place:
    """A user whose machine runs a home, with an app."""
    home = new_home().start()
    place.env |= home.env_for(home.new_app())
    return place


def shown(machine: Place, *words: str) -> Any:
    result = machine.run("show", *words)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_a_saved_command_runs_and_the_task_is_made_again_after_it_is_gone(machine: Place) -> None:
    saved = machine.run("create", "command", "name=greet", "echo $GREETING; exit 3", "env=GREETING=hello")
    assert saved.returncode == 0, saved.stderr

    first = machine.run("create", "task", "command=greet", "-w")
    other = machine.run("create", "task", "command=greet", "env=GREETING=hi", "-w")
    assert (first.stdout, first.returncode) == ("hello\n", 3)
    assert (other.stdout, other.returncode) == ("hi\n", 3)

    machine.run("set", "command", "greet", "line=echo changed")
    changed = machine.run("create", "task", "command=greet", "-w")
    assert (changed.stdout, changed.returncode) == ("changed\n", 0)
    assert machine.run("delete", "command", "greet").returncode == 0

    tasks = json.loads(machine.run("list", "tasks").stdout)
    oldest, newest = tasks[-1]["id"], tasks[0]["id"]
    assert shown(machine, "task", oldest)["command_revision"] == 1
    assert shown(machine, "task", newest)["command_revision"] == 2

    again = machine.run("rerun", oldest, "-w")
    assert (again.stdout, again.returncode) == ("hello\n", 3)
    otherwise = machine.run("rerun", oldest, "env=GREETING=bye", "-w")
    assert (otherwise.stdout, otherwise.returncode) == ("bye\n", 3)
    latest = json.loads(machine.run("list", "tasks").stdout)[0]["id"]
    assert shown(machine, "task", latest)["rerun_of"] == oldest


def test_a_saved_command_runs_at_a_terminal(machine: Place) -> None:
    machine.run("create", "command", "name=console", "read line; echo got $line")

    result = machine.run("run", "command=console", typed="hello\n")

    assert (result.stdout, result.returncode) == ("got hello\n", 0)
