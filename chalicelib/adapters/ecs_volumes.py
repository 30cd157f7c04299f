"""Volumes that are configured at launch: ECS makes an EBS volume for each task anew, and deletes it afterwards.

docs.aws.amazon.com/AmazonECS/latest/developerguide/ebs-volumes.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.app import App
from chalicelib.domain.errors import Unfit


def volumes_at_launch(
    definition: Mapping[str, Any], containers: Sequence[Mapping[str, Any]]
) -> Sequence[str]:
    """Return the names of those that the containers mount."""
    mounted = {mount["sourceVolume"] for one in containers for mount in one.get("mountPoints", ())}
    at_launch = [one["name"] for one in definition.get("volumes", ()) if one.get("configuredAtLaunch")]
    return [name for name in at_launch if name in mounted]


def volume_of_task(app: App, name: str, deployment: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return how RunTask is to make a volume: as the service makes its own; raise Unfit when that is not known."""
    configured = {each["name"]: each for each in deployment.get("volumeConfigurations", ())}
    if "managedEBSVolume" not in configured.get(name, {}):
        raise Unfit(
            f"the volume {name} is configured at launch, and the service {app.service} does not say how",
            "service",
        )
    return {"name": name, "managedEBSVolume": _own(configured[name]["managedEBSVolume"])}


def _own(configured: Mapping[str, Any]) -> dict[str, Any]:
    """A task of no service has no tags of one to take over."""
    tags = [
        {name: value for name, value in tag.items() if (name, value) != ("propagateTags", "SERVICE")}
        for tag in configured.get("tagSpecifications", ())
    ]
    own = {**configured, "terminationPolicy": {"deleteOnTermination": True}}
    return own | ({"tagSpecifications": tags} if tags else {})
