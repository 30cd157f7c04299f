"""The files of one run, as its supervisor holds them."""

import os
from pathlib import Path

from local.supervisor.run_files import open_files
from local.supervisor.spec import decode, encode


def test_a_sign_of_life_is_the_time_of_the_lock(tmp_path: Path) -> None:
    settings = dict.fromkeys(
        ("task_id", "command", "workdir", "server_pipe", "memory_bytes", "memory_by", "cpu"), ""
    )
    spec = decode(encode({**settings, "folder": str(tmp_path), "stop_timeout": "1"}, {}))
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    files = open_files(spec, lock)
    os.utime(tmp_path / "lock", (0, 0))

    files.show_life()

    assert (tmp_path / "lock").stat().st_mtime > 0
    for descriptor in (lock, files.control):
        os.close(descriptor)
