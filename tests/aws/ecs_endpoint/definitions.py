"""Task definitions: families, revisions, and what ECS refuses to register."""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Lock
from typing import Any

from tests.aws.ecs_endpoint.paging import page
from tests.aws.ecs_endpoint.refusals import client_error
from tests.aws.ecs_endpoint.settings import Settings
from tests.aws.ecs_endpoint.sizes import check_ephemeral_storage, check_fargate_size

MOST_BYTES = 64 * 1024
MOST_CONTAINERS = 10
Definition = dict[str, Any]


class Definitions:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._families: dict[str, list[Definition]] = defaultdict(list)
        self._being_registered: set[str] = set()
        self._lock = Lock()

    def register(self, params: dict[str, Any]) -> Definition:
        """Return the new revision; refuse a second registration of the family while one is going on."""
        _check(params)
        family = params["family"]
        with self._registering(family):
            Event().wait(self._settings.registering)
            with self._lock:
                revisions = self._families[family]
                revisions.append(self._revision(params, len(revisions) + 1))
                return revisions[-1]

    def find(self, name: str) -> Definition:
        """Find by family (its newest active revision), family:revision, or ARN."""
        family, _, revision = name.rpartition("/")[2].partition(":")
        with self._lock:
            revisions = self._families.get(family, [])
            if revision:
                found = [one for one in revisions if str(one["revision"]) == revision]
            else:
                found = [one for one in revisions if one["status"] == "ACTIVE"][-1:]
        if not found:
            raise client_error("Unable to describe task definition.")
        return found[0]

    def deregister(self, name: str) -> Definition:
        if ":" not in name:
            raise client_error("Task definition must have a revision.")
        found = self.find(name)
        with self._lock:
            found["status"] = "INACTIVE"
            found["deregisteredAt"] = datetime.now(UTC)
        return found

    def list(self, params: dict[str, Any]) -> dict[str, Any]:
        status = params.get("status", "ACTIVE")
        with self._lock:
            families = sorted(self._families) if "familyPrefix" not in params else [params["familyPrefix"]]
            revisions = [one for family in families for one in self._families.get(family, [])]
        arns = [one["taskDefinitionArn"] for one in revisions if one["status"] == status]
        return page("taskDefinitionArns", arns[::-1] if params.get("sort") == "DESC" else arns, params)

    @contextmanager
    def _registering(self, family: str) -> Iterator[None]:
        with self._lock:
            if family in self._being_registered:
                raise client_error(
                    "Too many concurrent attempts to create a new revision of the specified family."
                )
            self._being_registered.add(family)
        try:
            yield
        finally:
            self._being_registered.discard(family)

    def _revision(self, params: dict[str, Any], number: int) -> Definition:
        kept = {name: value for name, value in params.items() if name != "tags"}
        return (
            {"networkMode": "bridge", "volumes": [], "placementConstraints": []}
            | kept
            | {
                "taskDefinitionArn": self._settings.arn(f"task-definition/{params['family']}:{number}"),
                "revision": number,
                "status": "ACTIVE",
                "compatibilities": ["EC2", *params.get("requiresCompatibilities", [])],
                "registeredAt": datetime.now(UTC),
            }
        )


def _check(params: dict[str, Any]) -> None:
    containers = params["containerDefinitions"]
    if len(json.dumps(params)) > MOST_BYTES:
        raise client_error(
            "Actual length: exceeds the max length allowed for the task definition: 65536 bytes."
        )
    if not 1 <= len(containers) <= MOST_CONTAINERS:
        raise client_error(
            f"Task definition must have between 1 and {MOST_CONTAINERS} container definitions."
        )
    if not any(container.get("essential", True) for container in containers):
        raise client_error("Task definition does not have any essential containers.")
    for container in containers:
        _check_container(container)
        _check_dependencies(container, {one["name"]: one for one in containers})
        _check_size(container, params)
    _check_log_routing(containers)
    if "FARGATE" in params.get("requiresCompatibilities", []):
        _check_for_fargate(params)


def _check_container(container: dict[str, Any]) -> None:
    for name in ("name", "image"):
        if not container.get(name):
            raise client_error(f"Container.{name} should not be null or empty.")
    options = container.get("logConfiguration", {}).get("options", {})
    if container.get("logConfiguration", {}).get("logDriver") == "awslogs":
        missing = [name for name in ("awslogs-group", "awslogs-region") if name not in options]
        if missing:
            raise client_error(f"Log driver awslogs requires options: {', '.join(missing)}")


def _check_dependencies(container: dict[str, Any], known: dict[str, dict[str, Any]]) -> None:
    for dependency in container.get("dependsOn", ()):
        other = known.get(dependency["containerName"])
        if other is None or other is container:
            raise client_error(f"Container '{container['name']}' depends on a container that does not exist.")
        if dependency["condition"] in ("SUCCESS", "COMPLETE") and other.get("essential", True):
            raise client_error(
                "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container"
            )
        if dependency["condition"] == "HEALTHY" and "healthCheck" not in other:
            raise client_error("A dependency container with HEALTHY condition must have a health check.")
    if container["name"] in _waited_for(container["name"], known):
        raise client_error("Circular dependencies between containers are not supported.")


def _waited_for(name: str, known: dict[str, dict[str, Any]]) -> set[str]:
    found: set[str] = set()
    left = [name]
    while left:
        ahead = {each["containerName"] for each in known[left.pop()].get("dependsOn", ())} & known.keys()
        left += ahead - found
        found |= ahead
    return found


def _check_size(container: dict[str, Any], params: dict[str, Any]) -> None:
    if int(container.get("memory", 0)) > int(params.get("memory") or container.get("memory", 0)):
        raise client_error(
            f"The 'memory' setting for container '{container['name']}' is greater than for the task."
        )


def _check_log_routing(containers: list[dict[str, Any]]) -> None:
    drivers = {one.get("logConfiguration", {}).get("logDriver") for one in containers}
    has_router = any(one.get("firelensConfiguration") for one in containers)
    if has_router and "awsfirelens" not in drivers:
        raise client_error(
            "When a firelensConfiguration object is specified, at least one container has to be configured with the"
            " awsfirelens log driver."
        )
    if "awsfirelens" in drivers and not has_router:
        raise client_error(
            "When awsfirelens log driver is specified in log configuration, a firelens configuration object must be"
            " configured in one of the containers."
        )


def _check_for_fargate(params: dict[str, Any]) -> None:
    if params.get("networkMode") != "awsvpc":
        raise client_error("Fargate only supports network mode 'awsvpc'.")
    check_fargate_size(params.get("cpu"), params.get("memory"))
    if "ephemeralStorage" in params:
        check_ephemeral_storage(params["ephemeralStorage"]["sizeInGiB"])
    for container in params["containerDefinitions"]:
        _check_container_for_fargate(container, has_role="executionRoleArn" in params)


def _check_container_for_fargate(container: dict[str, Any], *, has_role: bool) -> None:
    log = container.get("logConfiguration", {})
    is_awslogs = log.get("logDriver") == "awslogs"
    if is_awslogs and "awslogs-stream-prefix" not in log.get("options", {}):
        raise client_error(
            "Log driver awslogs requires option awslogs-stream-prefix for FARGATE launch type."
        )
    needs = "log driver awslogs" if is_awslogs else "secrets" if container.get("secrets") else ""
    if needs and not has_role:
        raise client_error(f"Fargate requires task definition to have execution role ARN to support {needs}.")
    if not 2 <= container.get("stopTimeout", 30) <= 120:
        raise client_error("The stopTimeout must be between 2 and 120 seconds for FARGATE.")
    if container.get("links"):
        raise client_error("Links are not supported when networkMode=awsvpc.")
