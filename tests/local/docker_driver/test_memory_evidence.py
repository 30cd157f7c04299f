"""What the kernel says of a container's memory, on control groups like those that engines make."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from local.docker_driver.memory_evidence import MemoryEvidence
from local.process_driver.control_group import ControlGroup, make_group
from local.supervisor.memory_kills import MemoryKills
from tests.local.supervisor.supervised_task import until

LIMIT = 64 << 20
WAITS = "import sys; sys.stdin.readline(); "
HOG = f"{WAITS} x = bytearray(300 << 20)"
Process = subprocess.Popen[bytes]


@pytest.fixture
def group() -> Iterator[ControlGroup]:
    """Its name is as unlikely as a container's id."""
    made = make_group("memory", uuid4().hex * 2, _bound)
    if made is None:
        pytest.skip("no control group can be made here")
    yield made
    inner = Path(made.path, "inner")
    if inner.exists():
        inner.rmdir()
    until(made.remove)


def _bound(group: ControlGroup) -> None:
    group.write("memory.max" if group.has("memory.max") else "memory.limit_in_bytes", LIMIT)
    group.write_if_there("memory.swap.max", 0)


def begun(group: ControlGroup, line: str) -> Process:
    """Return a process in the group; in version 2 in one that the container made in its own."""
    entrance = Path(group.entrance)
    if group.has("memory.max"):
        entrance = Path(group.path, "inner", "cgroup.procs")
        entrance.parent.mkdir()
    process = subprocess.Popen([sys.executable, "-c", line], stdin=subprocess.PIPE)
    entrance.write_text(str(process.pid))
    return process


def ended(process: Process) -> int:
    """Let it go on, and return its exit code."""
    process.communicate(b"\n")
    return process.returncode


def test_who_had_more_than_it_may_ran_out_of_memory(group: ControlGroup) -> None:
    process = begun(group, HOG)
    evidence = MemoryEvidence(_id(group), process.pid)

    assert ended(process) == -9
    evidence.look()
    assert evidence.kills == MemoryKills(1, met_limit=True)


def test_that_none_was_killed_is_known_once_it_is_over(group: ControlGroup) -> None:
    process = begun(group, WAITS)
    evidence = MemoryEvidence(_id(group), process.pid)
    evidence.look()
    before = evidence.kills

    assert ended(process) == 0
    evidence.look()
    assert (before, evidence.kills) == (None, MemoryKills(0, met_limit=False))


def test_a_group_that_is_gone_says_nothing(group: ControlGroup) -> None:
    process = begun(group, WAITS)
    evidence = MemoryEvidence(_id(group), process.pid)
    ended(process)
    inner = Path(group.path, "inner")
    if inner.exists():
        inner.rmdir()
    until(group.remove)

    evidence.look()

    assert evidence.kills is None


@pytest.mark.parametrize(("line", "kills"), [(HOG, MemoryKills(1, met_limit=True)), (WAITS, None)])
def test_what_nobody_saw_before_the_group_was_gone_the_kernel_has_said(
    group: ControlGroup, line: str, kills: MemoryKills | None
) -> None:
    if group.has("memory.max"):
        pytest.skip("only version 1 says so")
    process = begun(group, line)
    evidence = MemoryEvidence(_id(group), process.pid)
    ended(process)
    until(group.remove)

    evidence.look()
    evidence.look_back()

    assert evidence.kills == kills


def test_somebody_elses_group_is_no_evidence(group: ControlGroup) -> None:
    process = begun(group, HOG)
    evidence = MemoryEvidence(uuid4().hex * 2, process.pid)

    ended(process)
    evidence.look()
    assert evidence.kills is None


def _id(group: ControlGroup) -> str:
    return Path(group.path).name
