"""The one file: few connections to it, however many ask, and no larger than what is in it."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from chalicelib.domain.errors import Unavailable
from local.store.database import MOST_READERS, Database
from tests.local.supervisor.supervised_task import GENEROUS


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


def test_a_damaged_database_is_told_as_one(tmp_path: Path) -> None:
    file = tmp_path / "tapit.db"
    database = Database(file)
    with database.write() as connection:
        connection.executemany(
            "INSERT INTO apps VALUES (?, 0, ?)", [(f"app-{n}", "x" * 500) for n in range(500)]
        )
    database.close()
    half = file.stat().st_size // 2
    with file.open("r+b") as content:  # the schema, which is read first, is on the first pages
        content.seek(half)
        content.write(b"\xff" * half)

    database = Database(file)
    with pytest.raises(Unavailable, match="is damaged") as told, database.read() as connection:
        connection.execute("SELECT count(record) FROM apps").fetchone()
    database.close()
    assert "backup" in (told.value.hint or "")


def test_what_removed_records_leave_free_is_given_back_to_the_disk(tmp_path: Path) -> None:
    database = Database(tmp_path / "tapit.db")
    _fill(database)
    before = _size(database, tmp_path)

    _remove_most(database)
    database.give_back_room()

    assert _size(database, tmp_path) < before / 4
    database.close()


def test_a_little_room_is_kept_for_new_records(tmp_path: Path) -> None:
    database = Database(tmp_path / "tapit.db")
    _fill(database)
    with database.write() as connection:
        connection.execute("DELETE FROM apps WHERE name < '01'")
    before = _size(database, tmp_path)

    database.give_back_room()

    assert _size(database, tmp_path) == before
    database.close()


def test_a_file_that_older_versions_made_is_rebuilt_once(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "tapit.db")) as old:
        old.execute("CREATE TABLE anything (text TEXT)")

    database = Database(tmp_path / "tapit.db")
    _fill(database)
    before = _size(database, tmp_path)
    _remove_most(database)
    database.give_back_room()

    assert _size(database, tmp_path) < before / 4
    database.close()


def _fill(database: Database) -> None:
    rows = ((f"{number:04}", 1, "x" * 5000) for number in range(1000))
    with database.write() as connection:
        connection.executemany("INSERT INTO apps (name, revision, record) VALUES (?, ?, ?)", rows)


def _remove_most(database: Database) -> None:
    with database.write() as connection:
        connection.execute("DELETE FROM apps WHERE name >= '01'")


def _size(database: Database, place: Path) -> int:
    with database.read() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (place / "tapit.db").stat().st_size


def _files_open() -> int:
    return len(list(Path("/dev/fd").iterdir()))
