"""Clusters and services: enough of both to be described; services start no tasks here."""

from datetime import UTC, datetime
from typing import Any

from tests.aws.ecs_endpoint.refusals import Refusal, invalid
from tests.aws.ecs_endpoint.settings import Settings

MOST_SERVICES = 10
DESIRED = {"deploymentConfiguration", "role", "clientToken", "tags"}


class Clusters:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clusters: dict[str, dict[str, Any]] = {}
        self._services: dict[str, dict[str, dict[str, Any]]] = {}

    def create(self, params: dict[str, Any]) -> dict[str, Any]:
        name = params.get("clusterName", "default")
        self._services.setdefault(name, {})
        return self._clusters.setdefault(name, self._described(name, params))

    def delete(self, params: dict[str, Any]) -> dict[str, Any]:
        cluster = self.find(params["cluster"])
        cluster["status"] = "INACTIVE"
        return cluster

    def find(self, name: str | None) -> dict[str, Any]:
        """Find by name or ARN; one that was deleted runs nothing any more."""
        cluster = self._clusters.get(_short(name or "default"))
        if cluster is None or cluster["status"] != "ACTIVE":
            raise Refusal("ClusterNotFoundException", "Cluster not found.")
        return cluster

    def describe(self, params: dict[str, Any]) -> dict[str, Any]:
        names = params.get("clusters", ["default"])
        known = [self._clusters[_short(name)] for name in names if _short(name) in self._clusters]
        missing = [name for name in names if _short(name) not in self._clusters]
        return {"clusters": known, "failures": [self._missing(f"cluster/{_short(name)}") for name in missing]}

    def create_service(self, params: dict[str, Any], definition_arn: str) -> dict[str, Any]:
        cluster = self.find(params.get("cluster"))
        name = params["serviceName"]
        kept = {key: value for key, value in params.items() if key not in DESIRED | {"cluster"}}
        service = (
            {"launchType": "FARGATE", "deployments": [], "runningCount": 0, "pendingCount": 0}
            | kept
            | {
                "serviceArn": self._settings.arn(f"service/{cluster['clusterName']}/{name}"),
                "clusterArn": cluster["clusterArn"],
                "status": "ACTIVE",
                "taskDefinition": definition_arn,
                "createdAt": datetime.now(UTC),
            }
        )
        if "capacityProviderStrategy" in params:
            del service["launchType"]
        self._services[cluster["clusterName"]][name] = service
        return service

    def describe_services(self, params: dict[str, Any]) -> dict[str, Any]:
        cluster = self.find(params.get("cluster"))["clusterName"]
        if len(params["services"]) > MOST_SERVICES:
            raise invalid("Services cannot be more than 10.")
        services, names = self._services[cluster], [_short(name) for name in params["services"]]
        missing = [self._missing(f"service/{cluster}/{name}") for name in names if name not in services]
        return {"services": [services[name] for name in names if name in services], "failures": missing}

    def _described(self, name: str, params: dict[str, Any]) -> dict[str, Any]:
        return {
            "clusterArn": self._settings.arn(f"cluster/{name}"),
            "clusterName": name,
            "status": "ACTIVE",
            "capacityProviders": params.get("capacityProviders", []),
            "defaultCapacityProviderStrategy": params.get("defaultCapacityProviderStrategy", []),
        }

    def _missing(self, resource: str) -> dict[str, str]:
        return {"arn": self._settings.arn(resource), "reason": "MISSING"}


def _short(name: str) -> str:
    return name.rpartition("/")[2]
