"""The server's end: a start happens once, and what a task left can be read and removed."""

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local.runs.run_folder import (
    Exited,
    NotStarted,
    RunFolder,
    Running,
    StillRunning,
    Vanished,
    _allow_to_empty,
)
from local.runs.run_requests import request_stop, set_time_limit
from local.runs.run_start import CannotSpawn, OutOfProcesses, _failure, start_run
from local.supervisor.output_writer import FINEST_TIME, TIME
from tests.local.limits import files_below, limited
from tests.local.supervisor.supervised_task import Machine, children_of, machine_in, until


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with machine_in(tmp_path) as machine:
        yield machine


def test_a_folder_that_is_not_there_is_not_started(machine: Machine) -> None:
    assert machine.task().folder.state() == NotStarted()


def test_a_second_start_of_a_running_task_changes_nothing(machine: Machine) -> None:
    task = machine.start("sleep 1000")
    before = task.running()

    assert not start_run(task.folder, machine.to_run("echo again"), machine.starter)

    assert task.running() == before


def test_a_second_start_of_a_finished_task_changes_nothing(machine: Machine) -> None:
    task = machine.start("echo once")
    before = task.exited()

    assert not start_run(task.folder, machine.to_run("echo again"), machine.starter)

    assert task.folder.state() == before
    assert task.printed() == b"once\n"


def test_a_second_start_of_a_vanished_task_changes_nothing(machine: Machine) -> None:
    task = machine.start("sleep 1000")
    os.kill(task.running().supervisor_pid, signal.SIGKILL)
    task.is_over()

    assert not start_run(task.folder, machine.to_run("echo again"), machine.starter)

    assert isinstance(task.folder.state(), Vanished)


def test_of_many_starts_at_once_exactly_one_happens(machine: Machine) -> None:
    task = machine.task()
    outcomes: list[bool] = []
    starts = [
        threading.Thread(
            target=lambda: outcomes.append(
                start_run(task.folder, machine.to_run("echo once"), machine.starter)
            )
        )
        for _ in range(8)
    ]
    for start in starts:
        start.start()
    for start in starts:
        start.join()

    assert sorted(outcomes) == [False] * 7 + [True]
    task.exited()
    assert task.printed() == b"once\n"


def test_a_running_task_is_never_seen_as_anything_else(machine: Machine) -> None:
    task = machine.task()
    seen: list[object] = []
    over = threading.Event()
    looking = threading.Thread(target=lambda: _look_until(over, task.folder, seen))
    looking.start()
    start_run(task.folder, machine.to_run("true"), machine.starter)
    task.exited()
    over.set()
    looking.join()

    kinds = [type(state).__name__ for state in seen]
    order = ["NotStarted", "Starting", "Running", "Exited"]
    assert kinds == sorted(kinds, key=order.index)


def test_a_start_leaves_no_zombie(machine: Machine) -> None:
    others = set(children_of(os.getpid()))
    machine.starter.open()
    (fork_server,) = set(children_of(os.getpid())) - others

    machine.start("true").is_over()

    assert set(children_of(os.getpid())) <= others | {fork_server}
    until(lambda: not children_of(fork_server))


def test_a_task_outlives_a_killed_server_and_its_end_is_on_record(machine: Machine) -> None:
    task = machine.task()
    server = (
        "import sys, os, signal; from pathlib import Path; from local.runs.run_folder import RunFolder;"
        "from local.runs.run_start import *; from local.process_driver.process_driver import FORK_SERVER;"
        "folder = RunFolder(Path(sys.argv[1]), sys.argv[2]);"
        "start_run(folder, TaskToRun('while [ ! -e go ]; do sleep 0.01; done; exit 5',"
        " {'PATH': os.environ['PATH']}, Path('/nonexistent')), SupervisorStarter(FORK_SERVER));"
        "os.killpg(0, signal.SIGKILL)"
    )
    arguments = [sys.executable, "-c", server, str(task.folder.path), task.folder.task_id]
    killed = subprocess.run(
        arguments, start_new_session=True, env=os.environ | {"PYTHONPATH": str(Path.cwd())}
    )
    assert killed.returncode == -signal.SIGKILL

    task.running()
    (task.folder.path / "work" / "go").touch()

    assert task.exited().exit_code == 5


def test_a_server_that_dies_while_speaking_starts_nothing(machine: Machine) -> None:
    task = machine.task()
    task.folder.path.mkdir()

    answer = machine.starter.start_supervisor(b"folder=%s\0command=rm -r" % str(task.folder.path).encode())

    assert b"cut short" in answer
    assert task.folder.state() == NotStarted()


def test_a_supervisor_that_cannot_begin_is_an_error_with_a_reason(machine: Machine) -> None:
    task = machine.task()
    task.folder.path.write_text("a file where the folder should be")

    with pytest.raises(CannotSpawn, match="file exists"):
        start_run(task.folder, machine.to_run("true"), machine.starter)
    task.folder.path.unlink()


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENOMEM, errno.ENFILE])
def test_want_of_processes_has_a_name_of_its_own(number: int) -> None:
    assert type(_failure(number)).__name__ == "OutOfProcesses"


def test_a_start_for_which_no_file_can_be_opened_can_be_repeated(machine: Machine) -> None:
    task = machine.task()
    task.folder.path.mkdir()

    with limited(resource.RLIMIT_NOFILE, files_below(0)), pytest.raises(OutOfProcesses, match="open files"):
        start_run(task.folder, machine.to_run("exit 3"), machine.starter)

    assert start_run(task.folder, machine.to_run("exit 3"), machine.starter)
    assert task.exited().exit_code == 3


def test_a_running_tasks_folder_is_not_removed(machine: Machine) -> None:
    task = machine.start("sleep 1000")
    task.running()

    with pytest.raises(StillRunning):
        task.folder.remove()

    assert isinstance(task.folder.state(), Running)


def test_a_finished_tasks_folder_is_removed_with_its_workdir(machine: Machine) -> None:
    task = machine.start("touch left-behind")
    task.exited()

    task.folder.remove()
    task.folder.remove()

    assert not task.folder.path.exists()


@pytest.mark.parametrize("workdir", [None, Path("/no/such/place")])
def test_a_finished_task_keeps_its_output_and_its_end_only(machine: Machine, workdir: Path | None) -> None:
    task = machine.start("echo hi", workdir=workdir)
    task.is_over()

    left = {path.name for path in task.folder.path.iterdir()}
    assert left - {"work"} == {"exit.json", "lock", "output", "output.times", "supervisor.err"}


def test_an_end_that_an_earlier_version_wrote_down_says_nothing_of_kills(machine: Machine) -> None:
    task = machine.start("kill -9 $$")
    ended = task.exited()
    task.is_over()
    record = task.folder.path / "exit.json"
    written = json.loads(record.read_text())
    del written["memory_kills"]
    record.write_text(json.dumps(written))

    assert task.folder.state() == replace(ended, memory_kills=None)


def test_a_stopped_task_keeps_nothing_of_the_request(machine: Machine) -> None:
    task = machine.start("sleep 1000")
    task.running()
    request_stop(task.folder, "enough")
    task.is_over()

    assert not list(task.folder.path.glob("stop*"))


def test_nothing_is_asked_of_a_finished_task(machine: Machine) -> None:
    task = machine.start("true")
    task.is_over()
    before = sorted(task.folder.path.iterdir())

    request_stop(task.folder, "too late")
    set_time_limit(task.folder, 5)

    assert sorted(task.folder.path.iterdir()) == before


@pytest.mark.parametrize(
    ("printed", "lines", "tail"),
    [
        ("", 3, ""),
        ("one", 3, "one"),
        ("one\n", 1, "one\n"),
        ("one\ntwo\n", 1, "two\n"),
        ("one\ntwo", 1, "two"),
        ("one\ntwo", 2, "one\ntwo"),
        ("one\n\n\n", 2, "\n\n"),
        ("one\ntwo\nthree\n", 2, "two\nthree\n"),
        ("one\ntwo\n", 0, ""),
        ("x" * 70_000 + "\n" + "y" * 140_000 + "\nz\n", 2, "y" * 140_000 + "\nz\n"),
        ("\n" * 200_000, 150_000, "\n" * 150_000),
    ],
)
def test_the_last_lines_are_found(tmp_path: Path, printed: str, lines: int, tail: str) -> None:
    (tmp_path / "output").write_text(printed)
    output = RunFolder(tmp_path, "t").output

    start = output.start_of_last_lines(lines)

    assert output.read(start, 10**6).decode() == tail


def test_output_is_read_by_offset(tmp_path: Path) -> None:
    (tmp_path / "output").write_bytes(b"0123456789")
    output = RunFolder(tmp_path, "t").output

    assert (output.read(3, 4), output.read(8, 100), output.read(10, 5)) == (b"3456", b"89", b"")


def test_a_time_is_found_for_every_offset(tmp_path: Path) -> None:
    records = [(0, 1000), (10, 1020), (50, 1500)]
    (tmp_path / "output.times").write_bytes(b"".join(TIME.pack(*record) for record in records))
    output = RunFolder(tmp_path, "t").output

    found = {offset: output.times(offset, offset + 1) for offset in (0, 9, 10, 49, 50, 999)}
    first, second, third = ([record] for record in records)
    assert found == {0: first, 9: first, 10: second, 49: second, 50: third, 999: third}
    assert output.times(5, 11) == [(0, 1000), (10, 1020)]
    assert output.times(10, 50) == [(10, 1020)]


def test_without_output_there_is_no_time(tmp_path: Path) -> None:
    output = RunFolder(tmp_path, "t").output

    assert (output.times(0, 10), output.read(0, 10), output.size()) == ([], b"", 0)


def test_lines_that_come_apart_are_dated_apart(machine: Machine) -> None:
    task = machine.start("echo one; while [ ! -e go ]; do sleep 0.01; done; echo two")
    task.says(b"one")
    ((_, came_at),) = until(lambda: task.folder.output.times(0, 4))
    until(lambda: time.time() * 1000 > came_at + FINEST_TIME)
    (task.folder.path / "work" / "go").touch()
    ended = task.exited()

    times = task.folder.output.times(0, 8)
    assert [offset for offset, _ in times] == [0, 4]
    assert ended.started_at is not None
    assert ended.started_at * 1000 - 1 <= times[0][1] < times[1][1] <= ended.stopped_at * 1000


def _look_until(over: threading.Event, folder: RunFolder, seen: list[object]) -> None:
    while not over.is_set():
        state = folder.state()
        if not seen or type(seen[-1]) is not type(state):
            seen.append(state)
    assert isinstance(until(folder.state), Exited)


def test_folders_that_a_task_closed_are_removed_with_it(machine: Machine) -> None:
    if os.getuid() == 0:
        pytest.skip("nothing is closed to root")
    task = machine.start("mkdir -p a/b && touch a/b/c && chmod 500 a/b a")
    task.is_over()

    task.folder.remove()

    assert not task.folder.path.exists()


def test_opening_closed_folders_does_not_follow_links_out_of_them(machine: Machine, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o500)
    task = machine.start(f"mkdir a && ln -s {outside} a/link && chmod 500 a")
    task.is_over()

    _allow_to_empty(task.folder.path)

    assert (task.folder.path / "work" / "a").stat().st_mode & 0o777 == 0o700
    assert outside.stat().st_mode & 0o777 == 0o500
