"""The local home: every port's adapter for one machine, opened together and closed together."""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import app as triggers
from chalicelib.adapters.clock import SystemClock
from chalicelib.ports import Services
from chalicelib.usecases.sweep import Sweeper
from chalicelib.wiring import running_on
from local.app_store import SqliteAppStore, SqliteTokenStore
from local.background import Repeater
from local.changes import LocalChanges
from local.clean_up import clean_up
from local.doorbell import Doorbell
from local.lifecycle import LocalLifecycle
from local.nursery import Nursery
from local.output_logs import OutputLogs
from local.processes import ProcessCluster
from local.run_folders import RunFolders
from local.server import Server
from local.state import StateFolder
from local.task_store import SqliteTaskStore

SWEEP_EVERY = 60.0  # seconds
WATCH_EVERY = 2.0
CLEAN_UP_EVERY = 3600.0
AT_ONCE = 1000


class Part(Protocol):
    """Something that works on threads of its own between open and close."""

    def open(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class LocalHome:
    """The services of one state folder, and the parts that keep them going."""

    services: Services
    changes: LocalChanges
    doorbell: Doorbell
    parts: tuple[Part, ...]


def build_home(state: StateFolder) -> LocalHome:
    """Put the adapters together; nothing runs yet."""
    changes = LocalChanges()
    folders = RunFolders(state.runs)
    nursery = Nursery()
    store = SqliteTaskStore(state.database, changes.tell)
    doorbell = Doorbell(
        state.doorbell,
        store,
        folders,
        changes.tell,
        lambda event: triggers.on_ecs_event(event, None),
        lambda task_id: lifecycle.look_again(task_id),  # noqa: PLW0108 - it is made below
    )
    cluster = ProcessCluster(
        folders, nursery, state.doorbell, doorbell.expect, os.environ.get("TAPIT_MEMORY_BY", "")
    )
    lifecycle = LocalLifecycle(cluster, lambda: services)
    services = Services(
        tasks=store,
        apps=SqliteAppStore(state.database),
        tokens=SqliteTokenStore(state.database),
        cluster=cluster,
        lifecycle=lifecycle,
        logs=OutputLogs(folders),
        changes=changes,
        clock=SystemClock(),
        home="local",
    )
    watcher = Repeater("watch", doorbell.ring_for_the_dead, WATCH_EVERY)
    sweeper = Repeater("sweep", partial(Sweeper(SWEEP_EVERY).run, services), SWEEP_EVERY)
    cleaner = Repeater("clean-up", lambda: clean_up(services, store, folders, state.database), CLEAN_UP_EVERY)
    return LocalHome(services, changes, doorbell, (nursery, doorbell, lifecycle, watcher, sweeper, cleaner))


@contextmanager
def serve(home: LocalHome, port: int) -> Iterator[Server]:
    """Serve a home over HTTP until the block ends; its tasks go on running after that."""
    with ExitStack() as stack:
        stack.enter_context(running_on(home.services))
        server = Server(triggers.app, port)
        stack.callback(server.server_close)
        for part in home.parts:
            part.open()
            stack.callback(part.close)
        _pick_up(home)
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="http", daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        stack.callback(home.changes.close)  # first of all: whoever waits for news gets an answer
        yield server


def _pick_up(home: LocalHome) -> None:
    """Give every unfinished task its timer; what happened while no server ran is seen at once."""
    after, has_more = None, True
    while has_more:
        page = home.services.tasks.list_active(after, AT_ONCE)
        for task in page.items:
            home.services.lifecycle.begin(task)
            home.doorbell.ring(task.id)
            after = task.id
        has_more = page.has_more
