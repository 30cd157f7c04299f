"""What RunTask refuses before it starts anything."""

import json
import re
from typing import Any

from tests.aws.ecs_endpoint.refusals import client_error, invalid
from tests.aws.ecs_endpoint.settings import Settings
from tests.aws.ecs_endpoint.sizes import check_ephemeral_storage, check_fargate_size

LONGEST_OVERRIDES = 8192
_STARTED_BY = re.compile(r"[A-Za-z0-9/_-]{1,128}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,64}")
FARGATE = ("FARGATE", "FARGATE_SPOT")


def check_run(params: dict[str, Any], definition: dict[str, Any], settings: Settings) -> None:
    _check_words(params)
    _check_overrides(params.get("overrides", {}), definition)
    if definition["status"] != "ACTIVE":
        raise client_error("TaskDefinition is inactive")
    if "launchType" in params and "capacityProviderStrategy" in params:
        raise invalid("Specifying both a launch type and capacity provider strategy is not supported.")
    if params.get("enableExecuteCommand") and not _override(params, definition, "taskRoleArn"):
        raise invalid(
            "The task couldn't be run because a valid taskRoleArn is not being used."
            " Specify a valid task role in your task definition and try again."
        )
    if definition["networkMode"] == "awsvpc":
        _check_network(params, settings)
    if is_fargate(params):
        _check_for_fargate(params, definition)


def is_fargate(params: dict[str, Any]) -> bool:
    return params.get("launchType") == "FARGATE" or capacity_provider(params) in FARGATE


def capacity_provider(params: dict[str, Any]) -> str | None:
    strategy = params.get("capacityProviderStrategy", [])
    return strategy[0]["capacityProvider"] if strategy else None


def container_override(params: dict[str, Any], name: str) -> dict[str, Any]:
    overrides: list[dict[str, Any]] = params.get("overrides", {}).get("containerOverrides", [])
    return next((one for one in overrides if one.get("name") == name), {})


def _check_words(params: dict[str, Any]) -> None:
    if not 1 <= params.get("count", 1) <= 10:
        raise invalid("Count must be between 1 and 10.")
    if "startedBy" in params and not _STARTED_BY.fullmatch(params["startedBy"]):
        raise invalid("startedBy: up to 128 letters, numbers, hyphens, forward slashes and underscores.")
    if "clientToken" in params and not _TOKEN.fullmatch(params["clientToken"]):
        raise invalid("clientToken: up to 64 ASCII characters in the range of 33 to 126.")


def _check_overrides(overrides: dict[str, Any], definition: dict[str, Any]) -> None:
    if len(json.dumps(overrides)) > LONGEST_OVERRIDES:
        raise invalid(f"Container Overrides length must be at most {LONGEST_OVERRIDES}")
    names = {container["name"] for container in definition["containerDefinitions"]}
    for override in overrides.get("containerOverrides", []):
        if override.get("name") not in names:
            raise invalid(
                f"Override for container named {override.get('name')} is not a container in the TaskDefinition."
            )


def _check_network(params: dict[str, Any], settings: Settings) -> None:
    network = params.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if network is None:
        raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    if not 1 <= len(network["subnets"]) <= 16 or len(network.get("securityGroups", [])) > 5:
        raise invalid("There is a limit of 16 subnets and 5 security groups.")
    for subnet in network["subnets"]:
        if subnet in settings.unknown_subnets:
            raise invalid(
                f"Error retrieving subnet information for [{subnet}]: The subnet ID '{subnet}' does not exist"
                " (ErrorCode: InvalidSubnetID.NotFound)"
            )


def _check_for_fargate(params: dict[str, Any], definition: dict[str, Any]) -> None:
    if "FARGATE" not in definition["compatibilities"]:
        raise invalid("Task definition does not support launch_type FARGATE.")
    check_fargate_size(_override(params, definition, "cpu"), _override(params, definition, "memory"))
    storage = params.get("overrides", {}).get("ephemeralStorage")
    if storage is not None:
        check_ephemeral_storage(storage["sizeInGiB"])


def _override(params: dict[str, Any], definition: dict[str, Any], name: str) -> str | None:
    found: str | None = params.get("overrides", {}).get(name, definition.get(name))
    return found
