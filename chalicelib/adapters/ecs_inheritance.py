"""What an app's tasks take over from its ECS service, read anew at every launch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.adapters.ecs_refusals import refusals
from chalicelib.domain.app import EC2, FARGATE, FARGATE_SPOT, App
from chalicelib.domain.errors import CannotStart

_LAUNCH_TYPES = (FARGATE, EC2, "EXTERNAL")
KNOWN_AT_MOST = 200


@dataclass(frozen=True)
class Inherited:
    """An app's definition and main container in ECS's own words (empty without a service), and where to run it."""

    capacity: Mapping[str, Any]
    network: Mapping[str, Any] = field(default_factory=dict)
    definition: Mapping[str, Any] = field(default_factory=dict)
    container: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_fargate(self) -> bool:
        strategy = self.capacity.get("capacityProviderStrategy", ())
        names = {provider["capacityProvider"] for provider in strategy}
        return names <= {FARGATE, FARGATE_SPOT} if names else self.capacity["launchType"] == FARGATE

    @property
    def compatibility(self) -> str:
        return FARGATE if self.is_fargate else self.capacity.get("launchType", EC2)

    @property
    def network_mode(self) -> str:
        if self.is_fargate:
            return "awsvpc"
        mode: str = self.definition.get("networkMode") or ("awsvpc" if self.network["subnets"] else "bridge")
        return mode


class Inheritance:
    """Reads services; a revision of a task definition never changes, so each is read once."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._definitions: dict[str, Mapping[str, Any]] = {}

    def of(self, app: App) -> Inherited:
        """Raise CannotStart when the service is not there, or has no one container to run."""
        if app.service is None:
            return Inherited(capacity=_capacity(app, {}), network=_network(app, {}))
        service = self._service(app)
        definition = self._definition(service["taskDefinition"])
        return Inherited(
            capacity=_capacity(app, service),
            network=_network(app, service),
            definition=definition,
            container=_main_container(app, definition["containerDefinitions"]),
        )

    def _service(self, app: App) -> Mapping[str, Any]:
        with refusals():
            answer = self._client.describe_services(cluster=app.cluster, services=[app.service])
        if not answer["services"] or answer["services"][0]["status"] == "INACTIVE":
            raise CannotStart(f"there is no service {app.service} in the cluster {app.cluster}")
        service: Mapping[str, Any] = answer["services"][0]
        # With an external deployment controller (CodeDeploy) they are in the task set that takes the traffic.
        primary = [each for each in service.get("taskSets", ()) if each.get("status") == "PRIMARY"]
        return {**service, **primary[0]} if primary else service

    def _definition(self, arn: str) -> Mapping[str, Any]:
        if arn not in self._definitions:
            with refusals():
                answer = self._client.describe_task_definition(taskDefinition=arn)
            if len(self._definitions) >= KNOWN_AT_MOST:
                self._definitions.clear()
            self._definitions[arn] = answer["taskDefinition"]
        return self._definitions[arn]


def _main_container(app: App, containers: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    names = ", ".join(container["name"] for container in containers)
    if app.container is not None:
        named = [container for container in containers if container["name"] == app.container]
        if not named:
            raise CannotStart(f"the service {app.service} has no container {app.container}, but {names}")
        return named[0]
    essential = [container for container in containers if container.get("essential", True)]
    if len(essential) != 1:
        raise CannotStart(f"the service {app.service} has several essential containers ({names})")
    return essential[0]


def _capacity(app: App, service: Mapping[str, Any]) -> dict[str, Any]:
    """A launch type needs no capacity provider in the cluster; providers can be mixed. A service's base goes first."""
    if len(app.capacity) == 1 and app.capacity[0] in _LAUNCH_TYPES:
        return {"launchType": app.capacity[0]}
    if app.capacity:
        providers = [{"capacityProvider": name, "weight": 1} for name in app.capacity]
        return {"capacityProviderStrategy": providers}
    if service.get("capacityProviderStrategy"):
        return {"capacityProviderStrategy": service["capacityProviderStrategy"]}
    return {"launchType": service.get("launchType", FARGATE)}


def _network(app: App, service: Mapping[str, Any]) -> dict[str, Any]:
    inherited = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    public = {True: "ENABLED", False: "DISABLED", None: inherited.get("assignPublicIp", "DISABLED")}
    return {
        "subnets": list(app.subnets) or inherited.get("subnets", []),
        "securityGroups": list(app.security_groups) or inherited.get("securityGroups", []),
        "assignPublicIp": public[app.assign_public_ip],
    }
