"""A task is kept to its cpu by a control group, judged by the kernel's own accounts and never by the clock."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.process_driver import cpu_limit
from local.process_driver.control_group import ControlGroup, find_groups
from local.process_driver.leftovers import kill_leftovers
from local.runs.run_requests import request_stop
from tests.local.supervisor.supervised_task import ESCAPE, Machine, SupervisedTask, machine_in, until

BUSY = "while :; do :; done"
PERIOD = 0.1  # seconds
needs_groups = pytest.mark.skipif(not cpu_limit.can_be_kept(), reason="no control group can be made here")


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with machine_in(tmp_path) as machine:
        yield machine


@needs_groups
def test_a_busy_task_gets_the_part_of_a_processor_that_it_asked_for(machine: Machine) -> None:
    task = machine.start(BUSY, cpu=0.25)
    process = task.running().pid

    until(lambda: counted(task, "nr_throttled") >= 5)
    used = seconds_used(process)
    periods = counted(task, "nr_periods")

    assert used <= 0.25 * PERIOD * (periods + 2)


@needs_groups
def test_all_that_a_task_starts_shares_its_part(machine: Machine) -> None:
    task = machine.start(f"({BUSY}) & ({BUSY}) & setsid sh -c '{BUSY}' & {BUSY}", cpu=0.25)

    task.running()
    until(lambda: len(task.processes) == 4)
    until(lambda: set(task.processes) <= set(group_of(task).members()))


@needs_groups
def test_a_task_with_room_left_is_not_held_up(machine: Machine) -> None:
    task = machine.start("sleep 0.3; exec sleep 1000", cpu=2)
    task.running()

    assert counted(task, "nr_throttled") == 0


@needs_groups
def test_cpu_and_memory_are_bounded_together_and_both_groups_go_with_the_task(machine: Machine) -> None:
    task = machine.start("sleep 1000", cpu=0.5, memory_bytes=64 << 20)
    process = task.running().pid
    groups = find_groups(task.folder.task_id)
    assert groups != []
    assert all(process in group.members() for group in groups)

    request_stop(task.folder, "enough")

    task.is_over()
    assert find_groups(task.folder.task_id) == []


@needs_groups
def test_the_groups_of_a_killed_supervisor_go_with_the_leftovers(machine: Machine) -> None:
    task = machine.start(ESCAPE + "sleep 1000", cpu=0.5, memory_bytes=64 << 20)
    task.says(b"at large")
    os.kill(task.running().supervisor_pid, signal.SIGKILL)
    task.is_over()

    until(lambda: kill_leftovers(task.folder) == 0)  # of the dead, who are reaped when it suits the system

    assert find_groups(task.folder.task_id) == []


@needs_groups
def test_whoever_leaves_control_groups_alone_has_no_bound(machine: Machine) -> None:
    task = machine.start("sleep 1000", cpu=0.5, memory_bytes=64 << 20, memory_by="polling")
    task.running()

    assert find_groups(task.folder.task_id) == []


def group_of(task: SupervisedTask) -> ControlGroup:
    return ControlGroup(task.folder.start_record()["cpu_group"])


def counted(task: SupervisedTask, name: str) -> int:
    lines = (line.split() for line in group_of(task).read("cpu.stat").splitlines())
    return next(int(value) for key, value in lines if key == name)


def seconds_used(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
