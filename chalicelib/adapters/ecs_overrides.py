"""What a task changes of its definition, so that equal images need no definition of their own."""

import json
import shlex
from typing import Any

from chalicelib.adapters import graceful_line, watchdog
from chalicelib.adapters.ecs_inheritance import Inherited
from chalicelib.domain.app import App
from chalicelib.domain.errors import InvalidRequest, RefusedForGood
from chalicelib.domain.fargate_sizes import DEFAULT_STORAGE_GB
from chalicelib.domain.task import Task
from chalicelib.ecs_events import MAIN_CONTAINER

LONGEST_OVERRIDES = 8192  # characters, "including formatting"
_AGENTS_FOLDER = "/var/lib/amazon"


def overrides_of(task: Task, app: App, inherited: Inherited, session_role: str | None) -> dict[str, Any]:
    """Raise RefusedForGood for a task that ECS would refuse, or that sessions could never be opened in."""
    overrides = _smallest_overrides(task, app)
    if inherited.is_fargate and task.ephemeral_storage_gb > DEFAULT_STORAGE_GB:
        overrides["ephemeralStorage"] = {"sizeInGiB": task.ephemeral_storage_gb}
    if task.interactive:
        overrides |= _role_for_sessions(app, inherited, session_role)
    return _checked(overrides)


def refuse_overrides(task: Task, app: App) -> None:
    """Raise InvalidRequest for what can be told without the app's service."""
    try:
        _checked(_smallest_overrides(task, app))
    except RefusedForGood as refusal:
        field = "attached" if task.attached else "command"
        raise InvalidRequest(f"ECS could not start this: {refusal}.", {field: str(refusal)}) from refusal


def _smallest_overrides(task: Task, app: App) -> dict[str, Any]:
    environment = {**task.environment, "TAPIT_TASK_ID": task.id, "TAPIT_APP": task.app}
    container = {
        "name": MAIN_CONTAINER,
        "command": _command(task, app),
        "environment": [{"name": name, "value": value} for name, value in environment.items()],
    }
    return {
        "cpu": str(round(task.cpu * 1024)),
        "memory": str(round(task.memory * 1024)),
        "containerOverrides": [container],
    }


def _role_for_sessions(app: App, inherited: Inherited, session_role: str | None) -> dict[str, str]:
    """The agent of ECS Exec acts as the task's role; a task of an app that has none gets one for that alone."""
    if _is_read_only(inherited):
        raise RefusedForGood(
            f"sessions need a writable root file system, and that of the service {app.service} is read-only"
        )
    if app.task_role or inherited.definition.get("taskRoleArn"):
        return {}
    if session_role is None:
        raise RefusedForGood(f"sessions need a task role, and the app {app.name} has none")
    return {"taskRoleArn": session_role}


def _is_read_only(inherited: Inherited) -> bool:
    """A volume at the agent's own folder makes good for it."""
    mounts = inherited.container.get("mountPoints", ())
    has_folder = any(mount.get("containerPath", "").startswith(_AGENTS_FOLDER) for mount in mounts)
    return bool(inherited.container.get("readonlyRootFilesystem")) and not has_folder


def _checked(overrides: dict[str, Any]) -> dict[str, Any]:
    size = len(json.dumps(overrides, ensure_ascii=False))
    if size > LONGEST_OVERRIDES:
        raise RefusedForGood(
            f"the command with its variables is too long: ECS takes {LONGEST_OVERRIDES} characters of JSON, "
            f"and with it there are {size}"
        )
    return overrides


def _command(task: Task, app: App) -> list[str]:
    if task.attached:
        return _watchdog(app)
    if not app.keep_entrypoint:
        return graceful_line.command(task.command, app.stop_timeout)
    try:
        return shlex.split(task.command)
    except ValueError as error:
        raise RefusedForGood(
            f"the command cannot be split into words for the image's entry point: {error}"
        ) from error


def _watchdog(app: App) -> list[str]:
    if app.keep_entrypoint:
        raise RefusedForGood(
            f"the app {app.name} keeps its image's entry point, and without /bin/sh nothing would keep the container "
            "alive for a session"
        )
    return graceful_line.as_it_is(watchdog.command())
