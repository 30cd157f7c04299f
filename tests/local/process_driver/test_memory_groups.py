"""What is asked of version 2 of the control groups, on a stand-in made of plain files."""

import math
from pathlib import Path

import pytest

from local.process_driver import control_group, memory_limit
from local.process_driver.control_group import ControlGroup
from local.process_driver.cpu_limit import make_cpu_group


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The neighbourhood of our own group, which counts memory for the groups in it."""
    monkeypatch.setattr(control_group, "_MOUNT", str(tmp_path))
    monkeypatch.setattr(control_group, "_own_groups", lambda: {"": "/slice/own"})
    (tmp_path / "slice" / "own").mkdir(parents=True)
    _make_kernel_files(tmp_path / "slice", divided=True)
    _make_kernel_files(tmp_path / "slice" / "tapit", divided=False)
    _make_kernel_files(tmp_path / "slice" / "tapit" / "t1", divided=False)
    return tmp_path / "slice"


def test_a_group_is_made_beside_our_own_which_cannot_be_divided(home: Path) -> None:
    group = memory_limit.make_memory_group("t1", 64 << 20)

    assert group is not None
    assert group.path == str(home / "tapit" / "t1")
    assert (home / "tapit" / "cgroup.subtree_control").read_text() == "+memory"
    assert (home / "tapit" / "t1" / "memory.max").read_text() == str(64 << 20)
    assert (home / "tapit" / "t1" / "memory.swap.max").read_text() == "0"


def test_the_kernel_is_to_kill_all_of_the_task(home: Path) -> None:
    assert memory_limit.make_memory_group("t1", 64 << 20) is not None

    assert (home / "tapit" / "t1" / "memory.oom.group").read_text() == "1"


def test_a_group_that_tells_nothing_is_looked_at_now_and_then(home: Path) -> None:
    group = ControlGroup(str(home / "tapit" / "t1"))
    watch = memory_limit.GroupWatch(group)

    assert watch.source is None
    assert not watch.is_over([], 5.0)
    assert 5.0 < watch.due_at < 10.0


def test_a_group_that_tells_of_its_kills_is_left_alone_until_then(home: Path) -> None:
    events = home / "tapit" / "t1" / "memory.events"
    events.write_text("oom_kill 0\n")
    watch = memory_limit.GroupWatch(ControlGroup(str(home / "tapit" / "t1")))
    assert (watch.source is not None, watch.due_at) == (True, math.inf)

    watch.hear(5.0)
    assert watch.due_at == 5.0
    assert not watch.is_over([], 5.0)  # the kernel tells before it kills
    assert 5.0 < watch.due_at < 5.1
    events.write_text("oom_kill 1\n")

    assert watch.is_over([], 5.1)


def test_what_the_kernel_told_of_another_group_is_forgotten(home: Path) -> None:
    (home / "tapit" / "t1" / "memory.events").write_text("oom_kill 0\n")
    watch = memory_limit.GroupWatch(ControlGroup(str(home / "tapit" / "t1")))
    watch.hear(5.0)

    looks = 0
    while watch.due_at < math.inf:
        assert not watch.is_over([], watch.due_at)
        looks += 1

    assert 5 < looks < 20


@pytest.mark.parametrize(("needs", "are_machines"), [(2, False), (0, True)])
def test_the_kernels_kills_are_counted(home: Path, needs: int, *, are_machines: bool) -> None:
    """Without a need of the group's own it was the machine's, or that of a group above."""
    (home / "tapit" / "t1" / "memory.events").write_text(
        f"low 0\nmax 12\noom {needs}\noom_kill 1\noom_group_kill 0\n"
    )

    (group,) = control_group.find_groups("t1")

    kills = memory_limit.kills_of_group(group)
    assert kills is not None
    assert (kills.number, kills.are_machines) == (1, are_machines)


def test_the_cpu_is_bounded_in_the_same_group(home: Path) -> None:
    for group in (home, home / "tapit"):
        (group / "cgroup.subtree_control").write_text("memory cpu")
    memory = memory_limit.make_memory_group("t1", 64 << 20)
    cpu = make_cpu_group("t1", 0.25)

    assert memory is not None
    assert cpu is not None
    assert memory.path == cpu.path
    assert cpu.read("cpu.max") == "25000 100000"
    assert cpu.read("memory.max") == str(64 << 20)


def test_memory_stays_bounded_where_cpu_is_not_ours_to_divide(home: Path) -> None:
    """A user's services are often given memory, and not cpu."""
    (home / "tapit" / "t1" / "cpu.max").unlink()

    assert memory_limit.make_memory_group("t1", 64 << 20) is not None
    assert make_cpu_group("t1", 0.25) is None

    assert (home / "tapit" / "t1" / "memory.max").read_text() == str(64 << 20)


def _make_kernel_files(group: Path, *, divided: bool) -> None:
    group.mkdir(exist_ok=True)
    for name in ("cgroup.controllers", "memory.max", "memory.swap.max", "memory.oom.group", "cpu.max"):
        (group / name).touch()
    (group / "cgroup.subtree_control").write_text("memory" if divided else "")
