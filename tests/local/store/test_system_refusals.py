"""What the system refuses is told as what it is, with what mends it."""

import errno
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from chalicelib.domain.errors import Unavailable
from local.runs.run_folder import RunFolder
from local.store.database import Database
from local.store.state_folder import NotWritable, open_state
from local.store.system_refusals import advice, refusal_to_write
from tests.conftest import NewHome
from tests.home_process import BIN, HomeProcess
from tests.local.limits import files_below, limited
from tests.local.supervisor.supervised_task import until

FREE_SPACE, LARGER_FILES, MORE_FILES = "Free some space", "ulimit -f", "ulimit -n"


def test_a_limit_on_the_size_of_files_is_no_full_disk(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "tapit.db")) as database:
        limit = (tmp_path / "tapit.db-wal").stat().st_size + 100
        with (
            limited(resource.RLIMIT_FSIZE, limit),
            pytest.raises(Unavailable, match="File too large") as told,
        ):
            _write_much(database)
        _write_much(database)

    assert LARGER_FILES in (told.value.hint or "")
    assert FREE_SPACE not in (told.value.hint or "")


def test_a_state_folder_that_could_not_grow_is_refused_with_that_reason(tmp_path: Path) -> None:
    refused = pytest.raises(NotWritable, match="File too large")
    with limited(resource.RLIMIT_FSIZE, 4096), refused as told, open_state(tmp_path / "state"):
        pass

    assert LARGER_FILES in told.value.hint


def test_want_of_files_is_told_as_that(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "tapit.db")) as database:
        database.close()  # what is idle is open
        with (
            limited(resource.RLIMIT_NOFILE, files_below(0)),
            pytest.raises(Unavailable, match="Too many open files") as told,
        ):
            _write_much(database)

    assert MORE_FILES in (told.value.hint or "")


def test_a_state_folder_for_which_no_file_can_be_opened_is_refused_with_that_reason(tmp_path: Path) -> None:
    refused = pytest.raises(NotWritable, match="Too many open files")
    with limited(resource.RLIMIT_NOFILE, files_below(1)), refused as told, open_state(tmp_path / "state"):
        pass

    assert MORE_FILES in told.value.hint


@pytest.mark.parametrize("most", [8, 17, 63])
def test_a_server_that_may_open_too_few_files_says_so(new_home: NewHome, most: int) -> None:
    started = _started_with(new_home(), f"ulimit -n {most}")

    assert started.returncode == 1
    assert started.stderr == (
        f"error: The system refused: only {most} files may be open, and a server needs 64.\n"
        "  → Raise the limit on open files (ulimit -n).\n"
    )


def test_a_server_that_may_open_few_files_serves_few_and_says_so(tmp_path: Path) -> None:
    program = tmp_path / "tapit-local"
    program.write_text(f'#!/bin/sh\nulimit -n 203; exec {BIN}/tapit-local "$@"\n')
    program.chmod(0o700)
    home = HomeProcess(tmp_path / "home", programs=tmp_path)
    try:
        home.start()
        task = home.api.run(home.new_app(), "true")
    finally:
        home.close()

    assert "Only 203 files may be open, so clients are served 3 at a time" in home.log
    assert task["status"] == "SUCCEEDED"


def test_what_is_refused_for_another_reason_has_its_own_advice() -> None:
    known = (errno.ENOSPC, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.EROFS, errno.EIO, errno.EACCES)

    assert len({advice(OSError(number, "no")) for number in known}) == len(known)
    assert advice(OSError(errno.ENOTTY, "no")) is None


@pytest.fixture
def fragile_home(new_home: NewHome, tmp_path: Path) -> Iterator[HomeProcess]:
    """A home on a disk that becomes read-only at its first failure, as disks usually do."""
    image, disk = tmp_path / "image", tmp_path / "disk"
    image.write_bytes(b"")
    os.truncate(image, 24 << 20)
    disk.mkdir()
    made = (
        subprocess.run(["mkfs.ext4", "-q", image], capture_output=True, check=False) if _has_mkfs() else None
    )
    mounted = subprocess.run(
        ["mount", "-o", "loop,errors=remount-ro", image, disk], capture_output=True, check=False
    )
    if made is None or made.returncode != 0 or mounted.returncode != 0:
        pytest.skip("no disk can be mounted here")
    home = new_home()
    home.state = disk / "state"
    try:
        yield home.start()
        supervisors = [RunFolder(run, "").supervisor_pid() for run in (home.state / "runs").iterdir()]
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
        home.close()
    for pid in filter(
        None, supervisors
    ):  # they have an end to write down for as long as there is a folder for it
        until(partial(_is_gone, pid))


def test_on_a_disk_that_has_become_read_only_a_task_can_still_be_stopped(fragile_home: HomeProcess) -> None:
    api, app = fragile_home.api, fragile_home.new_app()
    task_id = api.create(app, "exec sleep 1000")["id"]
    api.wait_until(task_id, "RUNNING")
    folder = fragile_home.folder(task_id)
    pid = folder.start_record()["pid"]
    _fail(fragile_home.state)

    refused = api.ask("POST", f"/apps/{app}/tasks", {"command": "true"})
    stopped = api.ask("POST", f"/tasks/{task_id}/stop")

    for answer in (refused, stopped):
        assert (answer.status, "Read-only file system" in answer.text) == (503, True), answer.text
        assert "Make its disk writable again" in answer.json["Hint"]
    assert "was told to stop" in stopped.text
    until(partial(_is_gone, pid))
    assert "Read-only" in api.show(task_id)["waiting_for"]
    again = _started_with(fragile_home, "true", end_first=True)
    assert "Make its disk writable again" in again.stderr
    assert "Traceback" not in fragile_home.log


def _fail(path: Path) -> None:
    device = path.stat().st_dev
    name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
    Path(f"/sys/fs/ext4/{name}/trigger_fs_error").write_text("a test")
    until(lambda: (refusal := refusal_to_write(path / "tapit.db")) and refusal.errno == errno.EROFS)


def _is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def _has_mkfs() -> bool:
    return any(Path(folder, "mkfs.ext4").exists() for folder in ("/sbin", "/usr/sbin"))


def _started_with(
    home: HomeProcess, first: str, *, end_first: bool = False
) -> "subprocess.CompletedProcess[str]":
    if end_first:
        home.end()
    program = Path(home.env["PATH"].split(":")[0]) / "tapit-local"
    return subprocess.run(
        ["sh", "-c", f'{first}; exec "$@"', "sh", program, "--state", home.state],
        env=home.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _write_much(database: Database) -> None:
    with database.write() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS much (text)")
        connection.execute("INSERT INTO much VALUES (?)", ("x" * 500_000,))
