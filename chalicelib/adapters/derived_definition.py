"""What a task's definition takes over from that of its app's service: the container of the command, and its sidecars.

Fields: docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.adapters import graceful_line
from chalicelib.adapters.ecs_inheritance import Inherited
from chalicelib.domain.app import App
from chalicelib.ecs_events import MAIN_CONTAINER

LOG_PREFIX = "tapit"
SMALLEST = {"cpu": "256", "memory": "512"}  # every task overrides them, and ECS wants them to be there
_KEPT_OF_DEFINITION = ("executionRoleArn", "taskRoleArn", "runtimePlatform")
# Sizes of a container would survive the task's overrides. Labels tell others of the service: a router that finds its
# targets by them would send a task the service's traffic. What names other containers is put together anew.
_DROPPED_OF_ALL = (
    "cpu",
    "memory",
    "memoryReservation",
    "portMappings",
    "dockerLabels",
    "dependsOn",
    "links",
    "volumesFrom",
)
# A terminal turns each newline of the output into two characters; a restart would run the command again. Nobody waits
# for the command to be up, and what the app and the task say themselves is put in.
_DROPPED_OF_MAIN = (
    *_DROPPED_OF_ALL,
    "interactive",
    "pseudoTerminal",
    "restartPolicy",
    "healthCheck",
    "startTimeout",
    "firelensConfiguration",
    "repositoryCredentials",
    "logConfiguration",
    "environment",
    "secrets",
    "command",
)


def derive(app: App, inherited: Inherited, image: str, log_options: Mapping[str, str]) -> dict[str, Any]:
    """Return what to register; equal values make equal definitions. The container of the command comes first."""
    log = {"logDriver": "awslogs", "options": dict(log_options)}
    containers = [
        _main(app, inherited, image, log),
        *(_sidecar(one, inherited, log) for one in inherited.sidecars),
    ]
    used = {mount["sourceVolume"] for one in containers for mount in one.get("mountPoints", ())}
    roles = {"executionRoleArn": app.execution_role, "taskRoleArn": app.task_role}
    # Where instances are chosen; Fargate has none, and takes no constraints.
    kept = _KEPT_OF_DEFINITION if inherited.is_fargate else (*_KEPT_OF_DEFINITION, "placementConstraints")
    return {
        **{name: inherited.definition[name] for name in kept if inherited.definition.get(name)},
        **{name: role for name, role in roles.items() if role},
        **SMALLEST,
        "networkMode": inherited.network_mode,
        "requiresCompatibilities": inherited.compatibilities,
        "volumes": [volume for volume in inherited.definition.get("volumes", ()) if volume["name"] in used],
        "containerDefinitions": containers,
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


def _main(app: App, inherited: Inherited, image: str, log: Mapping[str, Any]) -> dict[str, Any]:
    own = inherited.container
    container = _without(own, _DROPPED_OF_MAIN)
    if "repositoryCredentials" in own and _registry(image) == _registry(own.get("image", "")):
        container["repositoryCredentials"] = own["repositoryCredentials"]
    if not app.keep_entrypoint:
        container["entryPoint"] = list(graceful_line.ENTRY_POINT)
    if app.workdir is not None:
        container["workingDirectory"] = app.workdir
    if app.user is not None:
        container["user"] = app.user
    if inherited.sidecars:
        container["dependsOn"] = [_dependency(own, sidecar) for sidecar in inherited.sidecars]
    return (
        container
        | _ties(own, inherited)
        | {
            "name": MAIN_CONTAINER,
            "image": image,
            "essential": True,
            "stopTimeout": round(app.stop_timeout),
            "linuxParameters": {**own.get("linuxParameters", {}), "initProcessEnabled": True},
            "logConfiguration": log,
            "environment": _environment(app, own),
            "secrets": _secrets(app, own),
        }
    )


def _dependency(main: Mapping[str, Any], sidecar: Mapping[str, Any]) -> dict[str, str]:
    """As the service waits for it; the command never begins before a sidecar, and so a stop ends it first."""
    conditions = {each["containerName"]: each["condition"] for each in main.get("dependsOn", ())}
    return {"containerName": sidecar["name"], "condition": conditions.get(sidecar["name"], "START")}


def _sidecar(sidecar: Mapping[str, Any], inherited: Inherited, log: Mapping[str, Any]) -> dict[str, Any]:
    """Its end is not the task's. Of what names the command's container nothing is kept: that one waits for it."""
    container = _without(sidecar, _DROPPED_OF_ALL) | _ties(sidecar, inherited)
    names = {one["name"] for one in inherited.sidecars}
    depends = [each for each in sidecar.get("dependsOn", ()) if each["containerName"] in names]
    if depends:
        container["dependsOn"] = depends
    if (
        sidecar.get("logConfiguration", {}).get("logDriver") == "awsfirelens"
    ):  # its router stays with the service
        container["logConfiguration"] = log
    return container | {"essential": False}


def _ties(container: Mapping[str, Any], inherited: Inherited) -> dict[str, Any]:
    """Return what it shares with sidecars; links exist between containers on a bridge only."""
    names = {one["name"] for one in inherited.sidecars}
    links = [link for link in container.get("links", ()) if link.partition(":")[0] in names]
    shared = [each for each in container.get("volumesFrom", ()) if each["sourceContainer"] in names]
    return {
        **({"links": links} if links and inherited.network_mode == "bridge" else {}),
        **({"volumesFrom": shared} if shared else {}),
    }


def _without(container: Mapping[str, Any], dropped: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in container.items() if name not in dropped}


def _environment(app: App, inherited: Mapping[str, Any]) -> list[dict[str, str]]:
    """ECS refuses a name that is both a variable and a secret; what the app says comes first."""
    values = {item["name"]: item["value"] for item in inherited.get("environment", ())}
    merged = {**values, **app.environment}
    return [{"name": name, "value": merged[name]} for name in sorted(merged) if name not in app.secret_names]


def _secrets(app: App, inherited: Mapping[str, Any]) -> list[dict[str, str]]:
    values = {item["name"]: item["valueFrom"] for item in inherited.get("secrets", ())}
    merged = {**values, **app.secrets, **_kept_secrets(app)}
    return [
        {"name": name, "valueFrom": merged[name]} for name in sorted(merged) if name not in app.environment
    ]


def _kept_secrets(app: App) -> dict[str, str]:
    """Name the key and the version: another version makes another definition, and so tasks get what is on record.

    ARN:JSON-KEY:VERSION-STAGE:VERSION-ID, docs.aws.amazon.com/AmazonECS/latest/developerguide/
    secrets-envvar-secrets-manager.html
    """
    kept = app.kept_secrets
    return {name: f"{kept.place}:{name}::{kept.version.id}" for name in kept.names} if kept else {}


def _registry(image: str) -> str:
    return image.partition("/")[0]
