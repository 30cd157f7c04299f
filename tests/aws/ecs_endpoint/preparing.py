"""What a task runs: its definition's container with the call's overrides, or why it cannot start."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.aws.ecs_endpoint.containers import ContainerPlan, LogStream
from tests.aws.ecs_endpoint.lives import CannotStart
from tests.aws.ecs_endpoint.settings import Settings
from tests.aws.ecs_endpoint.sinks import CannotLog, CannotRead, LogSink

STOP_TIMEOUT = 30.0
HURRIED = Path(__file__).parent / "hurried"
INHERITED = ("PATH", "LANG", "TERM")


def prepare(
    container: dict[str, Any],
    override: dict[str, Any],
    task_id: str,
    settings: Settings,
    logs: LogSink,
    read_secret: Callable[[str], str],
) -> ContainerPlan:
    """Raise CannotStart in the order in which ECS finds out: image, secrets, log, program."""
    _pull(container["image"], settings)
    secrets = {one["name"]: _secret(one["valueFrom"], read_secret) for one in container.get("secrets", [])}
    command = override.get("command", container.get("command", []))
    return ContainerPlan(
        arguments=[*container.get("entryPoint", []), *command],
        environment=_in_a_hurry(_environment(container, override) | secrets, settings.hurry),
        working_directory=container.get("workingDirectory"),
        stop_timeout=float(container.get("stopTimeout", STOP_TIMEOUT)),
        log=_log_stream(container, task_id, logs),
    )


def _pull(image: str, settings: Settings) -> None:
    if image in settings.images_missing:
        reason = (
            "CannotPullContainerError: The task cannot pull the image from the registry."
            f" failed to resolve ref {image}: {image}: not found"
        )
        raise CannotStart(reason, container_reason=reason)


def _secret(reference: str, read: Callable[[str], str]) -> str:
    try:
        return read(reference)
    except CannotRead as refusal:
        raise CannotStart(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource"
            " retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s):"
            f" failed to fetch secret {reference} from secrets manager: {refusal}"
        ) from refusal


def _environment(container: dict[str, Any], override: dict[str, Any]) -> dict[str, str]:
    """Nothing of this machine's but what finds programs; the definition's, then the call's."""
    found = {name: os.environ[name] for name in INHERITED if name in os.environ}
    pairs = [*container.get("environment", []), *override.get("environment", [])]
    return found | {"HOME": "/"} | {pair["name"]: pair["value"] for pair in pairs}


def _in_a_hurry(environment: dict[str, str], hurry: float) -> dict[str, str]:
    if hurry == 1:
        return environment
    return environment | {"PATH": f"{HURRIED}:{environment['PATH']}", "HURRY": str(hurry)}


def _log_stream(container: dict[str, Any], task_id: str, logs: LogSink) -> LogStream | None:
    configuration = container.get("logConfiguration", {})
    if configuration.get("logDriver") != "awslogs":
        return None
    options = configuration["options"]
    name = f"{options.get('awslogs-stream-prefix', 'ecs')}/{container['name']}/{task_id}"
    try:
        logs.open(options["awslogs-group"], name)
    except CannotLog as refusal:
        raise CannotStart(
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times:"
            f" failed to create Cloudwatch log stream: {refusal} : exit status 1"
        ) from refusal
    return LogStream(logs, options["awslogs-group"], name)
