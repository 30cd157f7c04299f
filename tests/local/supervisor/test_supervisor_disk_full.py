"""A task goes on when its output finds no room; what is lost is counted, and how it ended is not lost."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.runs.run_requests import request_stop, set_time_limit
from local.runs.run_start import OutOfSpace, start_run
from tests.local.supervisor.supervised_task import Machine, machine_in, until


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """One megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


@pytest.fixture
def machine(small_disk: Path) -> Iterator[Machine]:
    with machine_in(small_disk) as machine:
        yield machine


def test_the_task_goes_on_and_the_loss_is_counted(machine: Machine) -> None:
    task = machine.start(f"{sys.executable} -c 'print(\"x\" * 2999999)'; exit 3")

    ended = task.exited()
    assert (ended.exit_code, ended.stop_code) == (3, "EssentialContainerExited")
    assert ended.lost_output_bytes == 3_000_000 - task.folder.output.size() > 1_900_000


def test_the_output_resumes_when_there_is_room_again(
    machine: Machine, small_disk: Path, tmp_path: Path
) -> None:
    script = f"echo one; {_wait(tmp_path, 'full')} yes | head -c 40000; {_wait(tmp_path, 'room')} echo two"
    task = machine.start(script)
    task.says(b"one")
    _fill(small_disk / "filler")
    (tmp_path / "full").touch()
    lost = until(lambda: (lost := task.running().lost_output_bytes) > 20_000 and lost)
    (small_disk / "filler").unlink()
    (tmp_path / "room").touch()

    ended = task.exited()
    printed = task.printed()
    note = f"[tapit: {ended.lost_output_bytes} bytes of output lost: no space left on device]\n".encode()
    assert lost <= ended.lost_output_bytes
    assert note in printed
    assert printed.endswith(b"two\n")
    assert len(printed.replace(note, b"")) == len(b"one\n") + 40_000 - ended.lost_output_bytes + len(b"two\n")


def test_a_full_disk_keeps_no_task_from_being_stopped(machine: Machine, small_disk: Path) -> None:
    task = machine.start("echo ready; sleep 1000")
    task.says(b"ready")
    _fill(small_disk / "filler")

    request_stop(task.folder, "no room")

    assert task.exited().reason == "no room"


def test_a_full_disk_keeps_no_limit_from_being_changed(machine: Machine, small_disk: Path) -> None:
    task = machine.start("sleep 1000", max_seconds=1000)
    task.running()
    _fill(small_disk / "filler")

    set_time_limit(task.folder, 0.01)

    assert task.exited().stopped_by == "deadline"


def test_no_task_starts_that_could_not_say_how_it_ended(machine: Machine, small_disk: Path) -> None:
    task = machine.task()
    task.folder.path.mkdir()
    _fill(small_disk / "filler")

    with pytest.raises(OutOfSpace, match="no space left on device"):
        start_run(task.folder, machine.to_run("echo never"), machine.starter)

    (small_disk / "filler").unlink()
    assert start_run(task.folder, machine.to_run("echo once"), machine.starter)
    assert task.exited().exit_code == 0
    assert task.printed() == b"once\n"


def test_a_limit_on_file_sizes_is_no_different(tmp_path: Path) -> None:
    with machine_in(tmp_path) as machine:
        with _largest_file(10_000):
            task = machine.start("yes | head -c 50000; exit 4")
        ended = task.exited()

    assert ended.exit_code == 4
    assert ended.lost_output_bytes == 40_000


def _wait(place: Path, name: str) -> str:
    return f"while [ ! -e {place / name} ]; do sleep 0.01; done;"


def _fill(path: Path) -> None:
    filler = os.open(path, os.O_WRONLY | os.O_CREAT)
    size = 65536
    while size:
        try:
            os.write(filler, b"x" * size)
        except OSError:
            size //= 2
    os.close(filler)


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
