"""What is cleared away, and what is not."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from local.runs.clean_up import clean_up
from local.runs.cluster import LocalCluster
from local.runs.run_folders import RunFolders
from local.runs.run_start import start_run
from local.store.audit_log import SqliteAuditLog
from local.store.database import Database
from local.store.feed import SqliteFeed
from local.store.socket_paths import socket_path
from local.store.task_store import SqliteTaskStore
from local.store.token_store import SqliteTokenStore
from tests.builders import a_running_task
from tests.home_in_process import HomeInProcess, home_in_process
from tests.local.supervisor.supervised_task import machine_in
from tests.stores import rewrite_in


def test_the_folder_of_a_record_that_cannot_be_read_is_kept(tmp_path: Path) -> None:
    with home_in_process(tmp_path) as home:
        task = home.services.tasks.create(a_running_task(), None, None)
        rewrite_in(tmp_path, task.id, status="PAUSED")
        folders = RunFolders(tmp_path / "runs")
        its_own, orphan = (folders.named(name, 1).path for name in (task.id, "1jd3m8k7x2qg"))
        for path in (its_own, orphan):
            path.mkdir()
            os.utime(path, (0, 0))

        _clean_up(home, tmp_path)

    assert (its_own.exists(), orphan.exists()) == (True, False)


def test_what_runs_without_a_record_is_ended_before_its_folder_goes(tmp_path: Path) -> None:
    with home_in_process(tmp_path) as home, machine_in(tmp_path / "runs") as machine:
        stray = machine.task("1jd3m8k7x2qf")
        stray.folder.path = tmp_path / "runs" / "1jd3m8k7x2qf-1"
        assert start_run(stray.folder, machine.to_run("exec sleep 1000"), machine.starter)
        stray.running()

        _clean_up(home, tmp_path)

        assert "there is no task" in stray.exited().reason
        stray.is_over()
        _clean_up(home, tmp_path)
        assert stray.folder.path.exists()  # for an hour, should somebody want its output
        os.utime(stray.folder.path, (0, 0))
        _clean_up(home, tmp_path)
        assert not stray.folder.path.exists()


def test_the_folders_of_sockets_that_removed_homes_left_are_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TemporaryDirectory(dir="/tmp") as runtime, home_in_process(tmp_path) as home:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        left = socket_path(tmp_path / ("d" * 100) / "api.sock").parent
        assert left.parent == Path(runtime)

        _clean_up(home, tmp_path)

        assert not left.exists()


def _clean_up(home: HomeInProcess, state: Path) -> None:
    database, cluster = Database(state / "tapit.db"), home.services.cluster
    assert isinstance(cluster, LocalCluster)
    clock = home.services.clock
    store = SqliteTaskStore(database, clock, lambda _: None)
    feed = SqliteFeed(database, clock)
    tokens, audit = SqliteTokenStore(database), SqliteAuditLog(database)
    clean_up(store, feed, tokens, audit, cluster, RunFolders(state / "runs"), database, clock)
    database.close()
