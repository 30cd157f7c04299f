"""The server's end: a start happens once, and what a task left can be read and removed."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.run_folder import (
    CannotSpawn,
    Exited,
    NotStarted,
    RunFolder,
    Running,
    StillRunning,
    Vanished,
    _allow_to_empty,
    _failure,
)
from local.supervisor.output import TIME
from tests.local.supervised_task import Machine, machine_in, until


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with machine_in(tmp_path) as machine:
        yield machine


def test_a_folder_that_is_not_there_is_not_started(machine: Machine) -> None:
    assert machine.task().folder.state() == NotStarted()


def test_a_second_start_of_a_running_task_changes_nothing(machine: Machine) -> None:
    task = machine.start("sleep 1000")
    before = task.running()

    assert not task.folder.start(machine.to_run("echo again"), machine.nursery)

    assert task.running() == before


def test_a_second_start_of_a_finished_task_changes_nothing(machine: Machine) -> None:
    task = machine.start("echo once")
    before = task.exited()

    assert not task.folder.start(machine.to_run("echo again"), machine.nursery)

    assert task.folder.state() == before
    assert task.printed() == b"once\n"


def test_a_second_start_of_a_vanished_task_changes_nothing(machine: Machine) -> None:
    task = machine.start("sleep 1000")
    os.kill(task.running().supervisor_pid, signal.SIGKILL)
    task.is_over()

    assert not task.folder.start(machine.to_run("echo again"), machine.nursery)

    assert isinstance(task.folder.state(), Vanished)


def test_of_many_starts_at_once_exactly_one_happens(machine: Machine) -> None:
    task = machine.task()
    outcomes: list[bool] = []
    starts = [
        threading.Thread(
            target=lambda: outcomes.append(task.folder.start(machine.to_run("echo once"), machine.nursery))
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
    task.folder.start(machine.to_run("true"), machine.nursery)
    task.exited()
    over.set()
    looking.join()

    kinds = [type(state).__name__ for state in seen]
    order = ["NotStarted", "Starting", "Running", "Exited"]
    assert kinds == sorted(kinds, key=order.index)


def test_a_start_leaves_no_zombie(machine: Machine) -> None:
    others = _children(os.getpid())
    machine.nursery.open()
    (nursery,) = _children(os.getpid()) - others

    machine.start("true").is_over()

    assert _children(os.getpid()) <= others | {nursery}
    until(lambda: not _children(int(nursery)))


def _children(parent: int) -> set[str]:
    """The pids of a process's children, zombies included; other tests may have left us some too."""
    threads = Path(f"/proc/{parent}/task").glob("*/children")
    return {pid for children in threads for pid in children.read_text().split()}


def test_a_task_outlives_a_killed_server_and_its_end_is_on_record(machine: Machine) -> None:
    task = machine.task()
    server = (
        "import sys, os, signal; from pathlib import Path; from local.run_folder import *;"
        "folder = RunFolder(Path(sys.argv[1]), sys.argv[2]);"
        "folder.start(TaskToRun('while [ ! -e go ]; do sleep 0.01; done; exit 5',"
        " {'PATH': os.environ['PATH']}, Path('/nonexistent')), Nursery());"
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

    answer = machine.nursery.raise_supervisor(b"folder=%s\0command=rm -r" % str(task.folder.path).encode())

    assert b"cut short" in answer
    assert task.folder.state() == NotStarted()


def test_a_supervisor_that_cannot_begin_is_an_error_with_a_reason(machine: Machine) -> None:
    task = machine.task()
    task.folder.path.write_text("a file where the folder should be")

    with pytest.raises(CannotSpawn, match="file exists"):
        task.folder.start(machine.to_run("true"), machine.nursery)
    task.folder.path.unlink()


def test_want_of_processes_has_a_name_of_its_own() -> None:
    assert type(_failure(11)).__name__ == "OutOfProcesses"


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


def test_a_stopped_task_keeps_nothing_of_the_request(machine: Machine) -> None:
    task = machine.start("sleep 1000")
    task.running()
    task.folder.request_stop("enough")
    task.is_over()

    assert not list(task.folder.path.glob("stop*"))


def test_nothing_is_asked_of_a_finished_task(machine: Machine) -> None:
    task = machine.start("true")
    task.is_over()
    before = sorted(task.folder.path.iterdir())

    task.folder.request_stop("too late")
    task.folder.set_max_seconds(5)

    assert sorted(task.folder.path.iterdir()) == before


def test_removing_a_vanished_task_kills_its_leftovers(machine: Machine) -> None:
    task = machine.start("setsid sleep 1000 & echo ready; sleep 1000")
    task.says(b"ready")
    os.kill(task.running().supervisor_pid, signal.SIGKILL)
    task.is_over()

    task.folder.remove()

    assert task.processes == []
    assert not task.folder.path.exists()


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

    assert [output.time_at(offset) for offset in (0, 9, 10, 49, 50, 999)] == [
        1000,
        1000,
        1020,
        1020,
        1500,
        1500,
    ]
    assert output.times(5, 11) == [(0, 1000), (10, 1020)]
    assert output.times(10, 50) == [(10, 1020)]


def test_without_output_there_is_no_time(tmp_path: Path) -> None:
    output = RunFolder(tmp_path, "t").output

    assert (output.time_at(0), output.times(0, 10), output.read(0, 10), output.size()) == (None, [], b"", 0)


def test_lines_that_come_apart_are_dated_apart(machine: Machine) -> None:
    task = machine.start("echo one; while [ ! -e go ]; do sleep 0.03; done; echo two")
    task.says(b"one")
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
