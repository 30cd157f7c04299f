"""What an app's tasks take over from its ECS service, read anew at every launch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws_refusals import code_of, refusals
from chalicelib.adapters.ecs_containers import chosen_containers, is_log_router
from chalicelib.adapters.ecs_volumes import volume_of_task, volumes_at_launch
from chalicelib.domain.app import EC2, FARGATE, FARGATE_SPOT, App
from chalicelib.domain.errors import Unfit

_LAUNCH_TYPES = (FARGATE, EC2, "EXTERNAL")
KNOWN_AT_MOST = 200


@dataclass(frozen=True)
class Inherited:
    """An app's definition and containers in ECS's own words (empty without a service), and where to run them.

    `volumes` say how those are made that are configured at launch; `service_connect`: the service has names for others.
    """

    capacity: Mapping[str, Any]
    network: Mapping[str, Any] = field(default_factory=dict)
    definition: Mapping[str, Any] = field(default_factory=dict)
    container: Mapping[str, Any] = field(default_factory=dict)
    sidecars: Sequence[Mapping[str, Any]] = ()
    volumes: Sequence[Mapping[str, Any]] = ()
    service_connect: bool = False

    @property
    def is_fargate(self) -> bool:
        strategy = self.capacity.get("capacityProviderStrategy", ())
        names = {provider["capacityProvider"] for provider in strategy}
        return names <= {FARGATE, FARGATE_SPOT} if names else self.capacity["launchType"] == FARGATE

    @property
    def compatibilities(self) -> list[str]:
        """A capacity provider may have instances of the cluster's own, or such that ECS manages."""
        if self.is_fargate:
            return [FARGATE]
        if "launchType" in self.capacity:
            return [self.capacity["launchType"]]
        return [name for name in self.definition.get("requiresCompatibilities", ()) if name != FARGATE] or [
            EC2
        ]

    @property
    def left_out(self) -> list[str]:
        """Return the names of the service's containers that could be beside the command, and are not."""
        kept = {self.container.get("name"), *(sidecar["name"] for sidecar in self.sidecars)}
        others = [one for one in self.definition.get("containerDefinitions", ()) if not is_log_router(one)]
        return [one["name"] for one in others if one["name"] not in kept]

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
        """Raise Unfit when the service is not there, or is none that a task can be like."""
        if app.service is None:
            return Inherited(capacity=_capacity(app, {}), network=_network(app, {}))
        service = self._service(app)
        definition, deployment = self._definition(service["taskDefinition"]), _deployment(service)
        _refuse_windows(app, service, definition)
        container, sidecars = chosen_containers(app, definition["containerDefinitions"])
        at_launch = volumes_at_launch(definition, [container, *sidecars])
        return Inherited(
            capacity=_capacity(app, service),
            network=_network(app, service),
            definition=definition,
            container=container,
            sidecars=sidecars,
            volumes=[volume_of_task(app, name, deployment) for name in at_launch],
            service_connect=bool(deployment.get("serviceConnectConfiguration", {}).get("enabled")),
        )

    def _service(self, app: App) -> Mapping[str, Any]:
        with refusals():
            answer = self._describe(app)
        if not answer["services"] or answer["services"][0]["status"] == "INACTIVE":
            raise Unfit(f"there is no service {app.service} in the cluster {app.cluster}", "service")
        service: Mapping[str, Any] = answer["services"][0]
        # With an external deployment controller (CodeDeploy) they are in the task set that takes the traffic.
        primary = [each for each in service.get("taskSets", ()) if each.get("status") == "PRIMARY"]
        return {**service, **primary[0]} if primary else service

    def _describe(self, app: App) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = self._client.describe_services(
                cluster=app.cluster, services=[app.service]
            )
        except ClientError as error:
            if code_of(error) == "ClusterNotFoundException":
                raise Unfit(
                    f"there is no cluster {app.cluster} in this account and Region", "cluster"
                ) from error
            raise
        return answer

    def _definition(self, arn: str) -> Mapping[str, Any]:
        if arn not in self._definitions:
            with refusals():
                answer = self._client.describe_task_definition(taskDefinition=arn)
            if len(self._definitions) >= KNOWN_AT_MOST:
                self._definitions.clear()
            self._definitions[arn] = answer["taskDefinition"]
        return self._definitions[arn]


def _refuse_windows(app: App, service: Mapping[str, Any], definition: Mapping[str, Any]) -> None:
    family = definition.get("runtimePlatform", {}).get("operatingSystemFamily") or service.get(
        "platformFamily", ""
    )
    if family.upper().startswith("WINDOWS"):
        raise Unfit(
            f"the service {app.service} runs on Windows ({family}), and tasks run on Linux alone", "service"
        )


def _deployment(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the newest one: what is not in the service itself is there."""
    primary = (each for each in service.get("deployments", ()) if each.get("status") == "PRIMARY")
    return next(primary, {})


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
