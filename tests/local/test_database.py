"""Connections to the one file: few of them, however many ask."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.database import MOST_READERS, Database
from tests.local.supervised_task import GENEROUS


def test_a_crowd_of_readers_takes_turns_and_leaves_few_files_open(tmp_path: Path) -> None:
    database = Database(tmp_path / "tapit.db")
    before = _files_open()
    together = threading.Barrier(MOST_READERS, timeout=GENEROUS)

    def read(_: int) -> int:
        with database.read() as connection:
            together.wait()  # as many as may read do so at once
            (count,) = connection.execute("SELECT count(*) FROM tasks").fetchone()
            return int(count)

    with ThreadPoolExecutor(10 * MOST_READERS) as crowd:
        assert set(crowd.map(read, range(10 * MOST_READERS))) == {0}

    assert _files_open() - before <= 3 * MOST_READERS
    database.close()


def _files_open() -> int:
    return len(list(Path("/dev/fd").iterdir()))
