"""The local home: every port's adapter for one machine, opened together and closed together."""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import app as triggers
from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.token_rates import TokenRates
from chalicelib.adapters.unreadable_records import UnreadableRecords
from chalicelib.adapters.webhook_sender import WebhookSender
from chalicelib.domain.request_rate import RequestRate
from chalicelib.http.access import authenticate
from chalicelib.ports import Services
from chalicelib.usecases.sweep import Sweeper
from chalicelib.wiring import running_on
from local.deliveries.courier import LocalCourier
from local.docker_driver.container_driver import FORK_SERVER as CONTAINER_FORK_SERVER
from local.docker_driver.container_driver import ContainerDriver
from local.docker_driver.reachable_engine import EngineFinder
from local.either_driver import PROCESS, EitherDriver
from local.process_driver.process_driver import FORK_SERVER, ProcessDriver
from local.runs.clean_up import clean_up
from local.runs.cluster import LocalCluster
from local.runs.driver import Driver
from local.runs.ecs_tasks import STAGE
from local.runs.output_logs import OutputLogs
from local.runs.run_folders import RunFolders
from local.runs.supervisor_starter import SupervisorStarter
from local.serving.gateway import Gateway
from local.serving.server import Listener, Server
from local.store.app_secrets import LocalAppSecrets
from local.store.app_store import SqliteAppStore
from local.store.audit_log import SqliteAuditLog
from local.store.command_store import SqliteCommandStore
from local.store.deliveries import SqliteDeliveries
from local.store.due_deliveries import DueDeliveries
from local.store.feed import TO_SEND, SqliteFeed
from local.store.no_trusts import NoTrusts
from local.store.schedule_store import TO_FIRE, SqliteScheduleStore
from local.store.state_folder import StateFolder
from local.store.subscription_store import SqliteSubscriptionStore
from local.store.task_store import SqliteTaskStore
from local.store.token_store import SqliteTokenStore
from local.store.webhook_secrets import SqliteWebhookSecrets
from local.timing.background import Repeater
from local.timing.changes import LocalChanges
from local.timing.lifecycle import LocalLifecycle
from local.timing.notifications import Notifications
from local.timing.schedule_clock import ScheduleClock

SWEEP_EVERY = 60.0  # seconds
WATCH_EVERY = 2.0
CLEAN_UP_EVERY = 3600.0
WRITE_USES_EVERY = 60.0
AT_ONCE = 1000
RATE = RequestRate(per_second=200, at_once=1000)  # of a token that is not the owner's


class Part(Protocol):
    """Something that works on threads of its own between open and close."""

    def open(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class LocalHome:
    """The services of one state folder, and the parts that keep them going."""

    services: Services
    changes: LocalChanges
    notifications: Notifications
    parts: tuple[Part, ...]


def build_home(
    state: StateFolder,
    *,
    local_webhooks: bool = False,
    driver_name: str = PROCESS,
    engines: EngineFinder | None = None,
) -> LocalHome:
    """Put the adapters together; nothing runs yet."""
    changes = LocalChanges()

    def tell(name: str) -> None:
        changes.tell(name)
        if name == TO_SEND:
            courier.wake()
        if name == TO_FIRE:
            schedules.wake()

    folders = RunFolders(state.runs)
    driver = _driver(driver_name, state, engines or EngineFinder())
    starter = SupervisorStarter(FORK_SERVER)
    container_starter = SupervisorStarter(CONTAINER_FORK_SERVER, opens_early=False)
    unreadable = UnreadableRecords(logging.getLogger(__name__))
    clock = SystemClock()
    store = SqliteTaskStore(state.database, clock, tell, unreadable)
    feed = SqliteFeed(state.database, clock, unreadable)
    tokens = SqliteTokenStore(state.database, unreadable)
    audit = SqliteAuditLog(state.database, unreadable)
    notifications = Notifications(
        state.notifications,
        store,
        folders,
        driver.kill_leftovers,
        changes.tell,
        lambda event: triggers.on_ecs_event(event, None),
        lambda task_id: lifecycle.look_again(task_id),  # noqa: PLW0108 - it is made below
    )
    app_secrets = LocalAppSecrets(state.secrets)
    cluster = LocalCluster(
        folders,
        driver,
        {"process": starter, "docker": container_starter},
        notifications.watch.expect,
        app_secrets.values_of,
    )
    lifecycle = LocalLifecycle(cluster, lambda: services)
    schedules = ScheduleClock(lambda: services)
    courier = LocalCourier(DueDeliveries(state.database, unreadable), clock, lambda: services)
    services = Services(
        tasks=store,
        apps=SqliteAppStore(state.database, unreadable),
        feed=feed,
        subscriptions=SqliteSubscriptionStore(state.database, clock, tell, unreadable),
        commands=SqliteCommandStore(state.database, unreadable),
        schedules=SqliteScheduleStore(state.database, clock, tell, unreadable),
        secrets=SqliteWebhookSecrets(state.database),
        app_secrets=app_secrets,
        deliveries=SqliteDeliveries(state.database, unreadable),
        courier=courier,
        sender=WebhookSender(clock, allow_local=local_webhooks),
        tokens=tokens,
        trusts=NoTrusts(),
        identities=NoTrusts(),
        audit=audit,
        cluster=cluster,
        lifecycle=lifecycle,
        logs=OutputLogs(folders),
        changes=changes,
        clock=clock,
        admit=TokenRates(clock, RATE, tokens.is_owners).admit,
        home="local",
        stage=STAGE,
        trouble=lambda: state.database.trouble,
        local_webhooks=local_webhooks,
    )
    watcher = Repeater("watch", notifications.watch.look, WATCH_EVERY)
    strays = Repeater("strays", partial(notifications.watch.stop_strays, store), SWEEP_EVERY)
    sweeper = Repeater("sweep", partial(Sweeper().run, services, SWEEP_EVERY), SWEEP_EVERY)
    uses = Repeater("uses of tokens", tokens.write_uses, WRITE_USES_EVERY)
    cleaner = Repeater(
        "clean-up",
        lambda: clean_up(store, feed, tokens, audit, cluster, folders, state.database, clock),
        CLEAN_UP_EVERY,
    )
    return LocalHome(
        services,
        changes,
        notifications,
        (
            notifications,
            lifecycle,
            watcher,
            strays,
            sweeper,
            uses,
            cleaner,
            starter,
            container_starter,
            courier,
            schedules,
        ),
    )


def _driver(name: str, state: StateFolder, engines: EngineFinder) -> Driver:
    """Return what `tapit-local --driver` names."""
    process = ProcessDriver(state.notifications, os.environ.get("TAPIT_MEMORY_BY", ""))
    container = ContainerDriver(state.notifications, str(state.path), state.socket, engines.find)
    return EitherDriver(name, process, container, engines)


@contextmanager
def serve(home: LocalHome, listeners: Sequence[Listener]) -> Iterator[None]:
    """Serve a home over HTTP until the block ends; its tasks go on running after that."""
    services = home.services
    with ExitStack() as stack:
        stack.enter_context(running_on(services))
        for part in home.parts:
            part.open()
            stack.callback(part.close)
        _pick_up(home)
        server = Server(Gateway(triggers.app), home.changes, partial(authenticate, services), listeners)
        stack.enter_context(server.serving())
        stack.callback(home.changes.close)  # first of all: whoever waits for news gets an answer
        yield


def _pick_up(home: LocalHome) -> None:
    """Give every unfinished task its timer; what happened while no server ran is seen at once."""
    after, has_more = None, True
    while has_more:
        page = home.services.tasks.list_active(after, AT_ONCE)
        for task in page.items:
            home.services.lifecycle.begin(task)
            home.notifications.notify(task.id)
            after = task.id
        has_more = page.has_more
