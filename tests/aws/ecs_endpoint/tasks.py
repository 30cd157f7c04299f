"""The tasks of all clusters: started, found, listed, stopped, and forgotten an hour after their end."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from threading import Condition
from typing import Any

from tests.aws.ecs_endpoint.lives import AGENT, CannotStart, Life
from tests.aws.ecs_endpoint.paging import page
from tests.aws.ecs_endpoint.preparing import prepare
from tests.aws.ecs_endpoint.refusals import invalid
from tests.aws.ecs_endpoint.run_requests import FARGATE, capacity_provider, container_override
from tests.aws.ecs_endpoint.settings import Settings
from tests.aws.ecs_endpoint.sinks import Described, LogSink, SecretSource

MOST_DESCRIBED = 100
SLOW_PULL = 60.0  # seconds
EXEC = "enableExecuteCommand"
COPIED = ("startedBy", "group", EXEC)
FILTERS = {"startedBy", "family", "serviceName", "containerInstance", "launchType"}


class Tasks:
    """`changed` hears of every new state of every task."""

    def __init__(
        self,
        settings: Settings,
        logs: LogSink,
        secrets: SecretSource,
        changed: Callable[[Described], None],
    ) -> None:
        self._settings = settings
        self._logs = logs
        self._secrets = secrets
        self._tell = changed
        self._lives: dict[str, Life] = {}
        self._told: dict[str, Described] = {}
        self._ended: dict[str, float] = {}
        self._news = Condition()

    def start(
        self, cluster: str, definition: dict[str, Any], params: dict[str, Any], stop: dict[str, Any]
    ) -> Described:
        """Return the new task; with `stop` it ends for that reason before its container begins."""
        described = self._described(cluster, definition, params)
        containers = definition["containerDefinitions"]
        task_id = described["taskArn"].rpartition("/")[2]

        def read_secret(reference: str) -> str:
            return self._secrets.read(reference, definition["executionRoleArn"])

        def plan(container: dict[str, Any]) -> Any:
            if stop:
                raise CannotStart(stop["stoppedReason"], stop.get("stopCode", "TaskFailedToStart"))
            override = container_override(params, container["name"])
            return prepare(container, override, task_id, self._settings, self._logs, read_secret)

        is_slow = any(container["image"] in self._settings.images_slow for container in containers)
        pull = SLOW_PULL if is_slow else self._settings.pace
        life = Life(described, containers, plan, self._changed, self._settings.pace, pull)
        with self._news:
            self._lives[task_id] = life
        life.begin()
        return described

    def find(self, cluster: str, task: str) -> Life:
        life = self._known().get(_short(task))
        if life is None or not life.described["clusterArn"].endswith(f"/{cluster}"):
            raise invalid("The referenced task was not found.")
        return life

    def describe(self, cluster: str, names: list[str]) -> dict[str, Any]:
        if len(names) > MOST_DESCRIBED:
            raise invalid(f"Tasks cannot be more than {MOST_DESCRIBED}.")
        known = {task["taskArn"].rpartition("/")[2]: task for task in self._of(cluster)}
        missing = [name for name in names if _short(name) not in known]
        return {
            "tasks": [known[_short(name)] for name in names if _short(name) in known],
            "failures": [
                {"arn": self._settings.arn(f"task/{cluster}/{_short(name)}"), "reason": "MISSING"}
                for name in missing
            ],
        }

    def list(self, cluster: str, params: dict[str, Any]) -> dict[str, Any]:
        if "startedBy" in params and len(FILTERS & params.keys()) > 1:
            raise invalid("When startedBy is specified as the filter, it must be the only filter.")
        wanted = params.get("desiredStatus", "RUNNING")
        found = [task for task in self._of(cluster) if task["desiredStatus"] == wanted]
        if "startedBy" in params:
            found = [task for task in found if task.get("startedBy") == params["startedBy"]]
        if "family" in params:
            found = [task for task in found if _family(task) == params["family"]]
        return page("taskArns", [task["taskArn"] for task in found], params)

    def started(self) -> Sequence[Described]:
        """Return every task there ever was, as it is now."""
        with self._news:
            return [life.described for life in self._lives.values()]

    def wait_for(self, task_arn: str, status: str, seconds: float = 20) -> Described:
        """Wait until the task is in that state; it must not have passed it before. Its events are on their way."""
        with self._news:
            found = self._news.wait_for(
                lambda: self._told.get(task_arn, {}).get("lastStatus") == status, seconds
            )
            assert found, f"After {seconds} s {task_arn} is not {status}: {self._told.get(task_arn)}"
            return self._told[task_arn]

    def end(self) -> None:
        for life in list(self._lives.values()):
            life.end()

    def _changed(self, described: Described) -> None:
        self._tell(described)
        with self._news:
            self._told[described["taskArn"]] = described
            if described["lastStatus"] == "STOPPED":
                self._ended[_short(described["taskArn"])] = time.monotonic()
            self._news.notify_all()

    def _known(self) -> dict[str, Life]:
        kept = self._settings.stopped_tasks_kept.total_seconds()
        with self._news:
            old = [one for one, at in self._ended.items() if time.monotonic() - at >= kept]
            return {task_id: life for task_id, life in self._lives.items() if task_id not in old}

    def _of(self, cluster: str) -> Iterator[Described]:
        for life in self._known().values():
            if life.described["clusterArn"].endswith(f"/{cluster}"):
                yield life.described

    def _described(self, cluster: str, definition: dict[str, Any], params: dict[str, Any]) -> Described:
        task_arn = self._settings.arn(f"task/{cluster}/{uuid.uuid4().hex}")
        overrides = {"containerOverrides": [], "inferenceAcceleratorOverrides": []} | params.get(
            "overrides", {}
        )
        sizes = {name: overrides.get(name, definition.get(name)) for name in ("cpu", "memory")}
        return {
            "taskArn": task_arn,
            "clusterArn": self._settings.arn(f"cluster/{cluster}"),
            "taskDefinitionArn": definition["taskDefinitionArn"],
            "group": f"family:{definition['family']}",
            "lastStatus": "PROVISIONING",
            "desiredStatus": "RUNNING",
            "version": 1,
            "createdAt": datetime.now(UTC),
            "overrides": overrides,
            "containers": [_container(task_arn, one, params) for one in definition["containerDefinitions"]],
            "attachments": _network(params),
            "attributes": [],
            **_capacity(params),
            **{name: size for name, size in sizes.items() if size is not None},
            **{name: params[name] for name in COPIED if name in params},
        }


def _container(task_arn: str, definition: dict[str, Any], params: dict[str, Any]) -> Described:
    agents = {"managedAgents": [AGENT | {"lastStatus": "PENDING"}]} if params.get(EXEC) else {}
    return {
        **agents,
        "containerArn": task_arn.replace(":task/", ":container/") + f"/{uuid.uuid4()}",
        "taskArn": task_arn,
        "name": definition["name"],
        "image": definition["image"],
        "lastStatus": "PENDING",
        "networkInterfaces": [],
    }


def _capacity(params: dict[str, Any]) -> dict[str, str]:
    provider = capacity_provider(params)
    if provider is None:
        return {"launchType": params.get("launchType", "EC2")}
    return {"capacityProviderName": provider, "launchType": "FARGATE" if provider in FARGATE else "EC2"}


def _network(params: dict[str, Any]) -> list[Described]:
    network = params.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if network is None:
        return []
    details = [{"name": "subnetId", "value": network["subnets"][0]}]
    return [
        {"id": str(uuid.uuid4()), "type": "ElasticNetworkInterface", "status": "ATTACHED", "details": details}
    ]


def _family(task: Described) -> str:
    return str(task["taskDefinitionArn"].rpartition("/")[2].partition(":")[0])


def _short(name: str) -> str:
    return name.rpartition("/")[2]
