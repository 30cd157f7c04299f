"""The definitions that tasks run on: derived from an app's own container, registered once and used again."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.ecs_inheritance import Inherited
from chalicelib.adapters.ecs_refusals import code_of, refusals
from chalicelib.domain.app import App
from chalicelib.ecs_events import MAIN_CONTAINER

LOG_PREFIX = "tapit"
KNOWN_AT_MOST = 1000
SMALLEST = {"cpu": "256", "memory": "512"}  # every task overrides them, and ECS wants them to be there
_KEPT_OF_DEFINITION = ("executionRoleArn", "taskRoleArn", "placementConstraints", "runtimePlatform")
# Sizes of a container would survive the task's overrides; the others are about a service, or its other containers.
_DROPPED_OF_CONTAINER = (
    "cpu",
    "memory",
    "memoryReservation",
    "portMappings",
    "healthCheck",
    "dependsOn",
    "links",
    "volumesFrom",
    "restartPolicy",
    "startTimeout",
    "firelensConfiguration",
    "repositoryCredentials",
    "logConfiguration",
    "environment",
    "secrets",
    "command",
)


def derive(app: App, inherited: Inherited, image: str, log_options: Mapping[str, str]) -> dict[str, Any]:
    """Return what to register for the app's main container alone; equal values make equal definitions."""
    container = _container(app, inherited.container, image, log_options)
    used = {mount["sourceVolume"] for mount in container.get("mountPoints", ())}
    roles = {"executionRoleArn": app.execution_role, "taskRoleArn": app.task_role}
    kept = {
        name: inherited.definition[name] for name in _KEPT_OF_DEFINITION if inherited.definition.get(name)
    }
    return {
        **kept,
        **{name: role for name, role in roles.items() if role},
        **SMALLEST,
        "networkMode": inherited.network_mode,
        "requiresCompatibilities": [inherited.compatibility],
        "volumes": [volume for volume in inherited.definition.get("volumes", ()) if volume["name"] in used],
        "containerDefinitions": [container],
    }


def log_options_of(app: App, inherited: Inherited, own_group: str, region: str) -> dict[str, str]:
    """Log where the app's service does, so that its execution role may; else into a group of the app's own."""
    configured = inherited.container.get("logConfiguration", {})
    options = dict(configured.get("options", {})) if configured.get("logDriver") == "awslogs" else {}
    options.pop("max-buffer-size", None)  # it goes with the other mode
    options.pop("awslogs-create-group", None)
    return {
        "awslogs-region": region,
        "awslogs-group": own_group,
        **options,
        **({"awslogs-group": app.log_group, "awslogs-region": region} if app.log_group else {}),
        "awslogs-stream-prefix": LOG_PREFIX,
        "mode": "blocking",  # the default drops output when its buffer is full
    }


class TaskDefinitions:
    """Registers each content once: its hash is in the family's name, so one call says whether it is there.

    Looking it up by tag would take two calls for every revision; one family for all contents would hand out the
    newest one only, and two images in turn would make a revision for every task.
    """

    def __init__(self, client: Any, stage: str) -> None:
        self._client = client
        self._stage = stage
        self._known: dict[str, str] = {}

    def find(self, app_name: str, definition: Mapping[str, Any]) -> str | None:
        """Return the ARN of an active revision with that content; one that was deregistered is none."""
        family = self._family(app_name, definition)
        if family in self._known:
            return self._known[family]
        with refusals():
            found = self._describe(family)
        return self._remember(family, found["taskDefinitionArn"]) if found["status"] == "ACTIVE" else None

    def register(self, app_name: str, definition: Mapping[str, Any]) -> str:
        """Register it; when somebody else does so at this moment, raise Unanswered: then it is there next time."""
        family = self._family(app_name, definition)
        tags = [{"key": "tapit:stage", "value": self._stage}, {"key": "tapit:app", "value": app_name}]
        with refusals():
            made = self._client.register_task_definition(family=family, tags=tags, **definition)
        return self._remember(family, made["taskDefinition"]["taskDefinitionArn"])

    def forget_known(self) -> None:
        """Look again: a known one is not active any more."""
        self._known.clear()

    def _family(self, app_name: str, definition: Mapping[str, Any]) -> str:
        text = json.dumps(definition, sort_keys=True)
        return f"tapit-{self._stage}-{app_name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def _describe(self, family: str) -> Mapping[str, Any]:
        try:
            answer = self._client.describe_task_definition(taskDefinition=family)
        except ClientError as error:
            if code_of(error) == "ClientException":  # "Unable to describe task definition."
                return {"status": "MISSING"}
            raise
        found: Mapping[str, Any] = answer["taskDefinition"]
        return found

    def _remember(self, family: str, arn: str) -> str:
        if len(self._known) >= KNOWN_AT_MOST:
            self._known.clear()
        self._known[family] = arn
        return arn


def _container(
    app: App, inherited: Mapping[str, Any], image: str, log_options: Mapping[str, str]
) -> dict[str, Any]:
    container = {name: value for name, value in inherited.items() if name not in _DROPPED_OF_CONTAINER}
    if "repositoryCredentials" in inherited and _registry(image) == _registry(inherited.get("image", "")):
        container["repositoryCredentials"] = inherited["repositoryCredentials"]
    if not app.keep_entrypoint:
        container["entryPoint"] = ["/bin/sh", "-c"]
    if app.workdir is not None:
        container["workingDirectory"] = app.workdir
    return container | {
        "name": MAIN_CONTAINER,
        "image": image,
        "essential": True,
        "stopTimeout": round(app.stop_timeout),
        "linuxParameters": {**inherited.get("linuxParameters", {}), "initProcessEnabled": True},
        "logConfiguration": {"logDriver": "awslogs", "options": dict(log_options)},
        "environment": _environment(app, inherited),
        "secrets": _secrets(app, inherited),
    }


def _environment(app: App, inherited: Mapping[str, Any]) -> list[dict[str, str]]:
    """ECS refuses a name that is both a variable and a secret; what the app says comes first."""
    values = {item["name"]: item["value"] for item in inherited.get("environment", ())}
    merged = {**values, **app.environment}
    return [{"name": name, "value": merged[name]} for name in sorted(merged) if name not in app.secrets]


def _secrets(app: App, inherited: Mapping[str, Any]) -> list[dict[str, str]]:
    values = {item["name"]: item["valueFrom"] for item in inherited.get("secrets", ())}
    merged = {**values, **app.secrets}
    return [
        {"name": name, "valueFrom": merged[name]} for name in sorted(merged) if name not in app.environment
    ]


def _registry(image: str) -> str:
    return image.partition("/")[0]
