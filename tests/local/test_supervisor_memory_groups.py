"""What is asked of version 2 of the control groups, on a stand-in made of plain files."""

from pathlib import Path

import pytest

from local import memory_limit


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The neighbourhood of our own group, which counts memory for the groups in it."""
    monkeypatch.setattr(memory_limit, "_MOUNT", str(tmp_path))
    monkeypatch.setattr(memory_limit, "_own_groups", lambda: {"": "/slice/own"})
    (tmp_path / "slice" / "own").mkdir(parents=True)
    _make_kernel_files(tmp_path / "slice", divided=True)
    _make_kernel_files(tmp_path / "slice" / "tapit", divided=False)
    _make_kernel_files(tmp_path / "slice" / "tapit" / "t1", divided=False)
    return tmp_path / "slice"


def test_a_group_is_made_beside_our_own_which_cannot_be_divided(home: Path) -> None:
    group = memory_limit.make_group("t1", 64 << 20)

    assert group is not None
    assert group.path == str(home / "tapit" / "t1")
    assert (home / "tapit" / "cgroup.subtree_control").read_text() == "+memory"
    assert (home / "tapit" / "t1" / "memory.max").read_text() == str(64 << 20)
    assert (home / "tapit" / "t1" / "memory.swap.max").read_text() == "0"


def test_the_kernels_kills_are_counted(home: Path) -> None:
    (home / "tapit" / "t1" / "memory.events").write_text(
        "low 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n"
    )

    group = memory_limit.find_group("t1")

    assert group is not None
    assert group.oom_kills() == 1


def _make_kernel_files(group: Path, *, divided: bool) -> None:
    group.mkdir(exist_ok=True)
    for name in ("cgroup.controllers", "memory.max", "memory.swap.max"):
        (group / name).touch()
    (group / "cgroup.subtree_control").write_text("memory" if divided else "")
