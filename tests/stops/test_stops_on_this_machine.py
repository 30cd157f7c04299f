"""Stops under the real supervisor: every process has its time to end, and no shell goes on."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.runs.run_requests import request_stop
from tests.local.supervisor.supervised_task import Machine, machine_in, until
from tests.stops.lines import Line, each_line, words_of


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with machine_in(tmp_path) as machine:
        yield machine


@pytest.mark.parametrize(("shell", "line"), each_line())
def test_a_stop_is_graceful(machine: Machine, shell: str, line: Line) -> None:
    command = f"exec {shlex.join([*words_of(shell), '-c', line.script])}"
    task = machine.start(command, stop_timeout=line.stop_timeout)
    work = task.folder.path / "work"
    for sign in line.signs:
        until((work / sign).exists)

    request_stop(task.folder, "enough")
    if line.needs_time:
        until((work / "stopping").exists)
    (work / "go").touch()

    ended = task.exited()
    assert (ended.exit_code, task.printed().decode()) == (line.exit_code, line.prints)
    assert ended.stop_code == "UserInitiated"
    assert task.processes == []
