"""How tasks are ended: by their own end, a request, their time limit, or the death of their supervisor."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.process_driver.leftovers import kill_leftovers
from local.runs.run_folder import Vanished
from local.runs.run_requests import request_stop, set_time_limit
from local.runs.run_start import start_run
from tests.local.supervisor.supervised_task import ESCAPE, Machine, machine_in, until

PATIENT = "while :; do sleep 0.01; done"
IN_TIME = 5.0  # seconds; longer than a busy machine lets a test wait for its turn


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with machine_in(tmp_path) as machine:
        yield machine


def test_nothing_survives_the_end_of_the_main_process(machine: Machine) -> None:
    task = machine.start(ESCAPE + "exit 4")

    assert task.exited().exit_code == 4
    assert task.printed() == b"at large\n"
    assert task.processes == []


def test_nothing_survives_a_stop(machine: Machine) -> None:
    task = machine.start(ESCAPE + "sleep 1000", stop_timeout=0.1)
    task.says(b"at large")

    request_stop(task.folder, "stopped by ann")

    assert task.exited().stop_code == "UserInitiated"
    assert task.processes == []


def test_nothing_survives_the_time_limit(machine: Machine) -> None:
    task = machine.start(ESCAPE + "sleep 1000", stop_timeout=0.1)
    task.says(b"at large")

    set_time_limit(task.folder, 0.001)

    assert task.exited().stopped_by == "deadline"
    assert task.processes == []


def test_a_stop_is_on_record_with_its_reason(machine: Machine) -> None:
    task = machine.start("echo ready; sleep 1000")
    task.says(b"ready")

    request_stop(task.folder, 'stopped by ann: »oops«\n"enough" \\ 🚀')
    request_stop(task.folder, "a second reason")

    ended = task.exited()
    assert ended.reason == 'stopped by ann: »oops«\n"enough" \\ 🚀'
    assert (ended.stop_code, ended.stopped_by) == ("UserInitiated", "request")
    assert (ended.exit_code, ended.signal) == (143, signal.SIGTERM)
    assert ended.started_at is not None
    assert ended.stopping_at is not None
    assert ended.started_at <= ended.stopping_at <= ended.stopped_at


def test_a_task_may_use_its_stop_timeout_to_end_well(machine: Machine) -> None:
    task = machine.start(f"trap 'echo bye; exit 7' TERM; echo ready; {PATIENT}")
    task.says(b"ready")

    request_stop(task.folder, "enough")

    ended = task.exited()
    assert (ended.exit_code, ended.stop_code) == (7, "UserInitiated")
    assert task.printed().endswith(b"bye\n")


def test_a_task_deaf_to_sigterm_is_killed_after_its_stop_timeout(machine: Machine) -> None:
    task = machine.start(f"trap '' TERM; echo ready; {PATIENT}", stop_timeout=0.2)
    task.says(b"ready")

    request_stop(task.folder, "enough")

    ended = task.exited()
    assert ended.exit_code == 137
    assert ended.stopping_at is not None
    assert ended.stopped_at - ended.stopping_at >= 0.2


def test_a_stop_asked_for_before_the_start_lets_nothing_run(machine: Machine) -> None:
    task = machine.task()
    task.folder.path.mkdir()
    request_stop(task.folder, "changed my mind")

    assert start_run(task.folder, machine.to_run("echo never"), machine.starter)

    ended = task.exited()
    assert (ended.stop_code, ended.exit_code, ended.started_at) == ("UserInitiated", None, None)
    assert task.printed() == b""


def test_a_task_is_never_stopped_before_its_time(machine: Machine) -> None:
    ended = machine.start("sleep 1000", max_seconds=0.5).exited()

    assert ended.started_at is not None
    assert ended.stopping_at is not None
    assert ended.stopping_at - ended.started_at >= 0.5
    assert (ended.stop_code, ended.stopped_by) == ("UserInitiated", "deadline")


def test_the_time_limit_is_named_as_it_is_typed(machine: Machine) -> None:
    ended = machine.start("sleep 1000", max_seconds=0.00005 * 3600).exited()

    assert ended.reason == "tapit: max_hours=0.18s exceeded"


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1000, None], ids=["extended", "lifted"])
def test_a_limit_can_be_changed_while_the_task_runs(machine: Machine, limit: float | None) -> None:
    task = machine.start("while [ ! -e go ]; do sleep 0.01; done; exit 6", max_seconds=IN_TIME)
    started_at = task.running().started_at
    set_time_limit(task.folder, limit)
    later = machine.start(
        "sleep 1000", max_seconds=IN_TIME
    ).exited()  # by then the first limit is over as well
    (task.folder.path / "work" / "go").touch()

    ended = task.exited()
    assert later.stopped_at - started_at > IN_TIME
    assert (ended.exit_code, ended.stopped_by) == (6, None)


def test_a_limit_can_be_shortened_while_the_task_runs(machine: Machine) -> None:
    task = machine.start("sleep 1000", max_seconds=1000)
    task.running()

    set_time_limit(task.folder, 0.3)

    ended = task.exited()
    assert ended.stopped_by == "deadline"
    assert ended.stopping_at is not None
    assert ended.started_at is not None
    assert ended.stopping_at - ended.started_at >= 0.3


@pytest.mark.slow
def test_a_wish_whose_poke_is_lost_is_seen_all_the_same(machine: Machine) -> None:
    task = machine.start("sleep 1000")
    task.running()
    (task.folder.path / "control").unlink()

    request_stop(task.folder, "unheard")

    assert task.exited().reason == "unheard"


def test_an_unreadable_limit_changes_nothing(machine: Machine) -> None:
    task = machine.start("sleep 1000", max_seconds=0.4)
    (task.folder.path / "max_seconds").write_text("soon")

    assert task.exited().reason.startswith("tapit: max_hours=0.4s")


def test_sigterm_to_the_supervisor_stops_the_task(machine: Machine) -> None:
    task = machine.start(f"trap 'exit 9' TERM; echo ready; {PATIENT}")
    task.says(b"ready")

    os.kill(task.running().supervisor_pid, signal.SIGTERM)

    ended = task.exited()
    assert (ended.exit_code, ended.stop_code, ended.stopped_by) == (9, "UserInitiated", "request")


def test_the_supervisor_outlives_hangups_and_interrupts(machine: Machine) -> None:
    task = machine.start("while [ ! -e go ]; do sleep 0.01; done; exit 3")
    supervisor = task.running().supervisor_pid
    os.kill(supervisor, signal.SIGHUP)
    os.kill(supervisor, signal.SIGINT)
    (task.folder.path / "work" / "go").touch()

    assert task.exited().exit_code == 3


def test_the_supervisor_is_in_a_session_without_the_server(machine: Machine) -> None:
    running = machine.start("sleep 1000").running()

    assert len({os.getsid(0), os.getsid(running.supervisor_pid), os.getsid(running.pid)}) == 3


def test_a_killed_supervisor_takes_the_main_process_along_and_leaves_the_rest_killable(
    machine: Machine,
) -> None:
    task = machine.start(ESCAPE + "exec sleep 1000", memory_bytes=1 << 30)
    task.says(b"at large")
    running = task.running()

    os.kill(running.supervisor_pid, signal.SIGKILL)

    until(lambda: running.pid not in task.processes)
    until(lambda: not task.folder.is_alive())
    state = task.folder.state()
    assert isinstance(state, Vanished)
    assert (state.started_at, state.stop_reason) == (running.started_at, None)
    assert state.seen_at >= running.started_at
    until(lambda: len(task.processes) == 3)  # the daemon's first parent is on its way out
    assert kill_leftovers(task.folder) >= 3
    assert task.processes == []


def test_a_main_process_whose_supervisor_dies_before_it_can_look_runs_nothing(tmp_path: Path) -> None:
    """Its parent is another one by then, which it must not take for its supervisor."""
    script = (
        "import os, time; from local.process_driver.main_process import start_main_process\n"
        "from local.supervisor.spec import Spec\n"
        "fork, supervisor = os.fork, os.getpid()\n"
        "def slow_fork():\n"
        "    if fork(): os._exit(0)\n"
        "    while os.getppid() == supervisor: time.sleep(0.001)\n"
        "    return 0\n"
        "os.fork = slow_fork\n"
        "start_main_process(Spec('', 't', 'echo ran', {}, '/', 1.0, '', None, '', None), 1, [])\n"
    )

    launched = subprocess.run([sys.executable, "-c", script], cwd=Path.cwd(), capture_output=True)

    assert (launched.stdout, launched.stderr) == (b"", b"")


def test_a_task_whose_folder_is_removed_is_stopped(machine: Machine) -> None:
    task = machine.start("sleep 1000 & exec sleep 1000")
    task.running()

    shutil.rmtree(task.folder.path)

    until(lambda: task.processes == [])


def test_a_fork_bomb_is_brought_to_an_end(machine: Machine) -> None:
    task = machine.start("bomb() { echo x; sleep 0.05; bomb & bomb & }; bomb; sleep 1000", stop_timeout=0.05)
    until(lambda: task.folder.output.size() > 60)

    request_stop(task.folder, "enough")

    assert task.exited().stop_code == "UserInitiated"
    assert task.processes == []
