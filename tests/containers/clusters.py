"""Every kind of cluster that a home may have, for tests of what they all promise."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.credentials import Credentials

from chalicelib.adapters.ecs import EcsCluster
from chalicelib.adapters.ecs_sessions import EcsSessions
from chalicelib.adapters.log_groups import LogGroups
from chalicelib.adapters.session_manager import SessionManager
from chalicelib.adapters.upgrade_signature import UpgradeSignature
from chalicelib.domain.app import App
from chalicelib.domain.ids import new_id
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.task import Task, accept_launch, begin_attempt
from chalicelib.ports import Cluster
from local.docker_driver.container_driver import FORK_SERVER as CONTAINERS_FORK_SERVER
from local.docker_driver.container_driver import ContainerDriver
from local.docker_driver.reachable_engine import find_engine
from local.process_driver.leftovers import kill_leftovers
from local.process_driver.process_driver import FORK_SERVER, ProcessDriver
from local.runs.cluster import LocalCluster
from local.runs.output_logs import OutputLogs
from local.runs.run_folder import RunFolder, Running
from local.runs.run_folders import RunFolders
from local.runs.supervisor_starter import SupervisorStarter
from tests.aws.conftest import ecs_client
from tests.aws.ecs_endpoint.endpoint import Endpoint
from tests.aws.ecs_endpoint.server import serving
from tests.aws.ecs_endpoint.settings import Settings
from tests.aws.in_memory import KeptEvents, KeptLogs, KeptSecrets
from tests.builders import a_task, an_app
from tests.containers.container_home import remove_all
from tests.containers.engine import Engine
from tests.containers.images import BUSYBOX
from tests.local.supervisor.supervised_task import until

REGION, GROUP = "us-east-1", "/tapit/test/shop"
ROLES = {
    "execution_role": "arn:aws:iam::000000000000:role/shop-execution",
    "task_role": "arn:aws:iam::000000000000:role/shop",
}
MISSING_IMAGE = "localhost/tapit-tests/missing:1"


@dataclass(frozen=True)
class TestedCluster:
    """A cluster with an app, and ways to see what became of a task: `printed` are its lines, without empty ones."""

    __test__ = False

    cluster: Cluster
    app: App
    printed: Callable[[Task], list[str]]
    hog: str = "tail /dev/zero"  # a command that wants more and more memory
    exhaust: Callable[[Task], None] = lambda _: None  # says so where nobody looks
    least_memory: float = 0.0625  # GB that a task may have
    kill: Callable[[Task], None] | None = None  # as somebody on the machine does

    def with_app(self, **changes: Any) -> "TestedCluster":
        return replace(self, app=self.app.but(**changes))

    def planned(self, command: str, **changes: Any) -> Task:
        task = a_task(id=new_id(datetime.now(UTC)), command=command, **changes)
        return begin_attempt(task, self.cluster.plan(task, self.app), datetime.now(UTC))

    def started(self, command: str, **changes: Any) -> Task:
        return self.start(self.planned(command, **changes))

    def start(self, task: Task) -> Task:
        return accept_launch(task, self.cluster.start(task, self.app), datetime.now(UTC))

    def seen(self, task: Task) -> Sighting | None:
        return self.cluster.look([task])[task.id]

    def runs(self, task: Task) -> Sighting:
        return self.until_seen(task, lambda sighting: sighting.started_at is not None)

    def ended(self, task: Task) -> Sighting:
        return self.until_seen(task, lambda sighting: sighting.is_stopped)

    def until_seen(self, task: Task, is_it: Callable[[Sighting], bool]) -> Sighting:
        def look() -> Sighting | None:
            sighting = self.seen(task)
            return sighting if sighting is not None and is_it(sighting) else None

        found = until(look)
        assert found is not None
        return found

    def says(self, task: Task, line: str) -> None:
        until(lambda: line in self.printed(task))


@contextmanager
def processes(place: Path) -> Iterator[TestedCluster]:
    folders, starter = RunFolders(place), SupervisorStarter(FORK_SERVER)
    driver = ProcessDriver(place / "notifications")
    cluster = LocalCluster(folders, driver, {"process": starter}, lambda _id, _folder: None, lambda _app: {})
    try:
        yield TestedCluster(
            cluster, an_app(), partial(_lines, OutputLogs(folders)), kill=partial(_kill_process, folders)
        )
    finally:
        starter.close()
        for path in place.glob("*-*"):
            folder = RunFolder(path, path.name.rpartition("-")[0])
            until(partial(_is_gone, folder))


@contextmanager
def containers(place: Path, engine: Engine) -> Iterator[TestedCluster]:
    folders, starter = RunFolders(place), SupervisorStarter(CONTAINERS_FORK_SERVER)
    driver = ContainerDriver(
        place / "notifications",
        str(place),
        place / "api.sock",
        partial(find_engine, {"DOCKER_HOST": engine.host}),
    )
    cluster = LocalCluster(folders, driver, {"docker": starter}, lambda _id, _folder: None, lambda _app: {})
    try:
        yield TestedCluster(
            cluster,
            an_app(image=BUSYBOX),
            partial(_lines, OutputLogs(folders)),
            kill=partial(_kill_container, engine),
        )
    finally:
        starter.close()
        remove_all(engine, f"tapit.home={place}")
        for path in place.glob("*-*"):
            until(lambda path=path: not RunFolder(path, "").is_alive())  # type: ignore[misc]


@contextmanager
def emulated_ecs() -> Iterator[TestedCluster]:
    """ECS, as far as it is emulated: its containers are processes."""
    logs = KeptLogs(GROUP)
    settings = Settings(pace=0.001, images_missing=frozenset({MISSING_IMAGE}))
    endpoint = Endpoint(settings, logs, KeptEvents(), KeptSecrets({}))
    with serving(endpoint) as url:
        client = ecs_client(url)
        client.create_cluster(clusterName="prod")
        manager = SessionManager(_ssm(url), UpgradeSignature(lambda: Credentials("test", "test"), REGION))
        cluster = EcsCluster(
            client,
            LogGroups(SimpleNamespace(create_log_group=_made, put_retention_policy=_made)),
            EcsSessions(client, manager),
            stage="test",
            region=REGION,
        )
        app = an_app(cluster="prod", image="shop:1", subnets=["subnet-1"], **ROLES)
        yield TestedCluster(cluster, app, partial(_logged, logs), "sleep 1000", partial(_kill, endpoint), 0.5)


def _lines(logs: OutputLogs, task: Task) -> list[str]:
    text = logs.read_text(task, None, unfinished=True).text
    return [line for line in text.split("\n") if line]


def _logged(logs: KeptLogs, task: Task) -> list[str]:
    assert task.ecs_arn is not None
    return logs.streams[f"tapit/main/{task.ecs_arn.rpartition('/')[2]}"]


def _kill(endpoint: Endpoint, task: Task) -> None:
    """The emulated ECS enforces no memory: it is told to."""
    assert task.ecs_arn is not None
    endpoint.tasks.find("prod", task.ecs_arn).run_out_of_memory()


def _kill_process(folders: RunFolders, task: Task) -> None:
    folder = folders.of(task)
    assert folder is not None
    state = folder.state()
    assert isinstance(state, Running)
    os.kill(state.pid, signal.SIGKILL)


def _kill_container(engine: Engine, task: Task) -> None:
    with engine.client() as client:
        client.api.kill(f"tapit-{task.id}-1")


def _made(**_: object) -> Mapping[str, object]:
    """The group is there."""
    return {}


def _ssm(url: str) -> Any:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client("ssm", region_name=REGION, endpoint_url=url, **keys)


def _is_gone(folder: RunFolder) -> bool:
    return not kill_leftovers(folder) and not folder.is_alive()
