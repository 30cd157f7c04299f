"""A task over its memory is killed and said to be so, by control group or by polling."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from chalicelib.domain.memory_reasons import MACHINE_OUT_OF_MEMORY
from local.process_driver.control_group import ControlGroup, find_groups, make_group
from local.process_driver.leftovers import kill_leftovers
from local.process_driver.memory_limit import make_memory_group
from local.runs.run_requests import request_stop
from tests.local.supervisor.supervised_task import ESCAPE, Machine, children_of, machine_in, until

LIMIT = 64 << 20
HOG = f"{sys.executable} -c 'x = bytearray(300 << 20); import time; time.sleep(1000)'"
REASON = "OutOfMemoryError: Container killed due to memory usage"


def _can_make_groups() -> bool:
    group = make_memory_group(f"probe-{os.getpid()}", LIMIT)
    return group is not None and group.remove()


needs_groups = pytest.mark.skipif(not _can_make_groups(), reason="no control group can be made here")
both_ways = pytest.mark.parametrize("memory_by", [pytest.param("", marks=needs_groups), "polling"])


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with machine_in(tmp_path) as machine:
        yield machine


@pytest.fixture
def narrow_machine(tmp_path: Path) -> Iterator[Machine]:
    """All of its tasks have as much memory together as LIMIT."""
    group = make_group("memory", f"narrow-{uuid4().hex}", _bound)
    assert group is not None
    inner = Path(group.path, "inner")  # in version 2 a group that holds processes has none below
    inner.mkdir()
    before = children_of(os.getpid())
    with machine_in(tmp_path) as machine:
        machine.starter.open()
        (fork_server,) = set(children_of(os.getpid())) - set(before)
        (inner / "cgroup.procs").write_text(str(fork_server))
        yield machine
    until(lambda: not (inner / "cgroup.procs").read_text())
    inner.rmdir()
    until(group.remove)


def _bound(group: ControlGroup) -> None:
    group.write("memory.max" if group.has("memory.max") else "memory.limit_in_bytes", LIMIT)
    group.write_if_there("memory.swap.max", 0)


@both_ways
def test_a_task_over_its_memory_is_killed_and_said_to_be_so(machine: Machine, memory_by: str) -> None:
    ended = machine.start(f"exec {HOG}", memory_bytes=LIMIT, memory_by=memory_by).exited()

    assert (ended.exit_code, ended.signal, ended.out_of_memory) == (137, 9, True)
    assert (ended.stop_code, ended.reason) == ("EssentialContainerExited", REASON)
    assert ended.stopped_by is None


@both_ways
def test_nothing_survives_running_out_of_memory(machine: Machine, memory_by: str) -> None:
    task = machine.start(ESCAPE + HOG, memory_bytes=LIMIT, memory_by=memory_by)

    assert task.exited().out_of_memory
    assert task.processes == []


@both_ways
def test_a_shell_whose_child_ran_out_of_memory_did_so_too(machine: Machine, memory_by: str) -> None:
    ended = machine.start(f"{HOG}; exit $?", memory_bytes=LIMIT, memory_by=memory_by).exited()

    assert (ended.exit_code, ended.out_of_memory, ended.reason) == (137, True, REASON)


@both_ways
def test_a_task_within_its_memory_is_left_alone(machine: Machine, memory_by: str) -> None:
    modest = f"{sys.executable} -c 'bytearray(20 << 20)'"
    ended = machine.start(modest, memory_bytes=LIMIT, memory_by=memory_by).exited()

    assert (ended.exit_code, ended.out_of_memory) == (0, False)


@both_ways
@pytest.mark.parametrize(
    "command",
    [
        f"{HOG} || true",
        f"{HOG}; exit 3",
        f"for i in 1 2 3; do {HOG} & done; wait; echo end",
        f"{HOG} & exec sleep 1000",
    ],
    ids=["forgiven", "passed over", "several", "in the background"],
)
def test_the_loss_of_one_process_ends_the_whole_task(machine: Machine, command: str, memory_by: str) -> None:
    task = machine.start(command, memory_bytes=LIMIT, memory_by=memory_by)

    ended = task.exited()
    assert (ended.exit_code, ended.signal, ended.out_of_memory) == (137, 9, True)
    assert (ended.stop_code, ended.reason) == ("EssentialContainerExited", REASON)
    assert task.processes == []


@both_ways
def test_a_kill_from_outside_is_known_to_be_none_for_want_of_memory(machine: Machine, memory_by: str) -> None:
    ended = machine.start("kill -9 $$", memory_bytes=LIMIT, memory_by=memory_by).exited()

    assert (ended.exit_code, ended.out_of_memory) == (137, False)
    # elsewhere on the machine a process may have run out of memory at that very moment
    assert ended.memory_kills in ((None, 0) if memory_by == "polling" else (0,))


@needs_groups
def test_a_task_that_had_no_more_than_it_may_is_not_said_to_have_needed_more(narrow_machine: Machine) -> None:
    ended = narrow_machine.start(f"{HOG}; exit 3", memory_bytes=8 * LIMIT).exited()

    assert (ended.exit_code, ended.out_of_memory, ended.memory_kills) == (137, True, 1)
    assert ended.reason == MACHINE_OUT_OF_MEMORY


@needs_groups
def test_a_task_does_not_live_on_after_the_loss_of_one_process(machine: Machine) -> None:
    task = machine.start(f"{HOG}; sleep 10; echo after; sleep 1000", memory_bytes=LIMIT)

    task.exited()
    assert b"after" not in task.printed()


@needs_groups
def test_a_main_process_that_ends_at_that_very_moment_changes_nothing(machine: Machine) -> None:
    """Its supervisor is stopped, so that it sees the kill and the end at once."""
    task = machine.start(f"while [ ! -e go ]; do sleep 0.01; done; {HOG} || touch over", memory_bytes=LIMIT)
    running = task.running()
    os.kill(running.supervisor_pid, signal.SIGSTOP)
    (task.folder.path / "work" / "go").touch()
    until((task.folder.path / "work" / "over").exists)
    until(lambda: _is_zombie(running.pid))
    os.kill(running.supervisor_pid, signal.SIGCONT)

    ended = task.exited()
    assert (ended.exit_code, ended.out_of_memory, ended.reason) == (137, True, REASON)


@needs_groups
def test_memory_that_runs_out_while_the_task_stops_does_not_hide_who_stopped_it(machine: Machine) -> None:
    task = machine.start(
        f"trap '{HOG.replace(chr(39), chr(34))}' TERM; echo ready; while :; do sleep 0.01; done",
        memory_bytes=LIMIT,
    )
    task.says(b"ready")

    request_stop(task.folder, "enough")

    ended = task.exited()
    assert (ended.exit_code, ended.out_of_memory) == (137, True)
    assert (ended.stopped_by, ended.reason) == ("request", "enough")


def test_pages_that_forks_share_are_counted_once(machine: Machine) -> None:
    """Four processes of 40 MB each, nearly all of it the same 40 MB."""
    forks = "import os, time; x = bytearray(40 << 20); os.fork(); os.fork(); time.sleep(0.5)"
    ended = machine.start(
        f"{sys.executable} -c '{forks}'", memory_bytes=2 * LIMIT, memory_by="polling"
    ).exited()

    assert (ended.exit_code, ended.out_of_memory) == (0, False)


@pytest.mark.parametrize("memory_by", [pytest.param("", marks=needs_groups), "polling"])
def test_the_record_of_the_start_says_who_watches_the_memory(machine: Machine, memory_by: str) -> None:
    running = machine.start("sleep 1000", memory_bytes=LIMIT, memory_by=memory_by).running()

    assert running.memory_enforced_by == (memory_by or "cgroup")


def test_without_a_limit_nobody_watches_the_memory(machine: Machine) -> None:
    assert machine.start("sleep 1000").running().memory_enforced_by is None


@needs_groups
def test_the_group_goes_with_the_task(machine: Machine) -> None:
    task = machine.start("sleep 1000", memory_bytes=LIMIT)
    task.running()
    assert find_groups(task.folder.task_id) != []

    request_stop(task.folder, "enough")

    task.is_over()
    assert find_groups(task.folder.task_id) == []


@needs_groups
def test_the_group_of_a_killed_supervisor_goes_with_the_leftovers(machine: Machine) -> None:
    task = machine.start(ESCAPE + "sleep 1000", memory_bytes=LIMIT)
    task.says(b"at large")
    os.kill(task.running().supervisor_pid, signal.SIGKILL)
    task.is_over()

    until(lambda: kill_leftovers(task.folder) == 0)  # of the dead, who are reaped when it suits the system

    assert find_groups(task.folder.task_id) == []


def _is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
