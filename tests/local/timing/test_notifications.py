"""Whatever is sent, news reaches the handler once for each state, and nothing stops the listener."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.clock import SystemClock
from local.process_driver.leftovers import kill_leftovers
from local.process_driver.process_driver import FORK_SERVER
from local.runs.run_folders import RunFolders
from local.runs.run_start import TaskToRun, start_run
from local.runs.supervisor_starter import SupervisorStarter
from local.store.database import Database
from local.store.task_store import SqliteTaskStore
from local.timing.changes import LocalChanges
from local.timing.notifications import Notifications
from tests.builders import a_starting_task
from tests.local.supervisor.supervised_task import ENVIRONMENT, GENEROUS, until

TASK = a_starting_task()


class Listening:
    """Open notifications; `heard` has the events it passed on."""

    def __init__(self, place: Path) -> None:
        self.heard: list[dict[str, Any]] = []
        self.fails = False
        self.changes = LocalChanges()
        self.folders = RunFolders(place / "runs")
        self.folders.root.mkdir()
        self.pipe = place / "notifications"
        self.starter = SupervisorStarter(FORK_SERVER)
        self.database = Database(place / "tapit.db")
        store = SqliteTaskStore(self.database, SystemClock(), lambda _: None)
        store.create(TASK, None, None)
        self.looked_at_again: list[str] = []
        self.notifications = Notifications(
            self.pipe,
            store,
            self.folders,
            kill_leftovers,
            self.changes.tell,
            self._handle,
            self.looked_at_again.append,
        )
        self.notifications.open()

    def notify(self, content: bytes) -> None:
        pipe = os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK)
        os.write(pipe, content)
        os.close(pipe)

    def run(self, command: str, pipe: Path | None = None) -> None:
        folder = self.folders.of(TASK)
        assert folder is not None
        start_run(
            folder, TaskToRun(command, ENVIRONMENT, pipe or self.pipe, stop_timeout=GENEROUS), self.starter
        )

    def close(self) -> None:
        self.notifications.close()
        self.starter.close()
        self.database.close()
        folder = self.folders.of(TASK)
        assert folder is not None
        until(lambda: not kill_leftovers(folder) and not folder.is_alive())

    @property
    def statuses(self) -> list[str]:
        return [event["detail"]["lastStatus"] for event in self.heard]

    def _handle(self, event: dict[str, Any]) -> None:
        if self.fails:
            self.fails = False
            raise ZeroDivisionError
        self.heard.append(event)


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Listening]:
    listening = Listening(tmp_path)
    yield listening
    listening.close()


def test_a_start_and_an_end_are_passed_on_as_ecs_would(listening: Listening) -> None:
    listening.run("echo up; while [ ! -e go ]; do sleep 0.01; done; exit 3")
    until(lambda: "RUNNING" in listening.statuses)
    folder = listening.folders.of(TASK)
    assert folder is not None
    (folder.path / "work" / "go").touch()

    until(lambda: "STOPPED" in listening.statuses)
    assert listening.statuses[-1] == "STOPPED"
    assert len(listening.statuses) == len(set(listening.statuses))
    event = listening.heard[-1]
    assert (event["source"], event["detail-type"]) == ("aws.ecs", "ECS Task State Change")
    assert event["detail"]["containers"][0]["exitCode"] == 3


def test_a_supervisor_killed_before_it_could_notify_is_found_dead(
    listening: Listening, tmp_path: Path
) -> None:
    folder = listening.folders.of(TASK)
    assert folder is not None
    listening.notifications.watch.expect(TASK.id, folder)
    listening.run("kill -9 $PPID; exec sleep 1000", pipe=tmp_path / "nobody-listens")
    until(lambda: not folder.is_alive())

    listening.notifications.watch.look()

    until(lambda: listening.statuses == ["STOPPED"])
    assert listening.heard[0]["detail"]["stopCode"] == "InfrastructureHealth"


def test_output_wakes_who_watches_and_is_no_event(listening: Listening) -> None:
    listening.run("exec sleep 1000")
    until(lambda: listening.statuses == ["RUNNING"])

    with listening.changes.watch(TASK.id) as watch:
        listening.notify(f"{TASK.id}\n".encode() * 3)
        until(lambda: watch.wait(0))
    assert listening.statuses == ["RUNNING"]


@pytest.mark.parametrize(
    "noise",
    [b"\n", b"\n\n\n", b"nobody\n", b"\xff\xfe\n", b"../../etc\n", b"*\n", b"\0\n", b"x" * 4096 + b"\n"],
)
def test_noise_stops_nothing(listening: Listening, noise: bytes) -> None:
    listening.notify(noise)

    with listening.changes.watch(TASK.id) as watch:
        listening.notify(f"{TASK.id}\n".encode())
        until(lambda: watch.wait(0))


def test_a_notice_may_come_in_pieces(listening: Listening) -> None:
    with listening.changes.watch(TASK.id) as watch:
        listening.notify(TASK.id[:5].encode())
        listening.notify(f"{TASK.id[5:]}\n".encode())
        until(lambda: watch.wait(0))


def test_a_failure_of_the_handler_is_survived_and_the_news_told_with_the_next_notice(
    listening: Listening, caplog: pytest.LogCaptureFixture
) -> None:
    listening.fails = True
    listening.run("exec sleep 1000")
    until(lambda: not listening.fails)

    listening.notify(f"{TASK.id}\n".encode())

    until(lambda: listening.statuses == ["RUNNING"])
    assert "unexpected failure" in caplog.text


def test_a_fifo_of_notifications_that_is_no_pipe_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "notifications").write_text("left by somebody")

    listening = Listening(tmp_path)

    assert listening.pipe.is_fifo()
    listening.close()


def test_closing_ends_the_listener(tmp_path: Path) -> None:
    Listening(tmp_path).close()

    assert [thread.name for thread in threading.enumerate() if thread.name == "notifications"] == []
