"""What an engine is asked for a task: no more rights than an engine gives by default, and less than that.

Fields: docs.docker.com/reference/api/engine/version/v1.47/#tag/Container/operation/ContainerCreate
"""

from typing import Any

from local.supervisor.spec import Spec, to_text

HOME_LABEL, APP_LABEL, TASK_LABEL, ATTEMPT_LABEL = "tapit.home", "tapit.app", "tapit.task", "tapit.attempt"
NAME_PREFIX = "tapit-"
# What Podman leaves out by default: none of it is of use to a task, and raw sockets and devices are to its neighbours.
_DROPPED = ("AUDIT_WRITE", "MKNOD", "NET_RAW")
_NANO = 1_000_000_000


def container_name(spec: Spec) -> str:
    """One for each attempt at a task, so that nothing runs twice."""
    return f"{NAME_PREFIX}{spec.folder.rpartition('/')[2]}"


def container_request(spec: Spec) -> dict[str, Any]:
    details = spec.details
    environment = [f"{to_text(name)}={to_text(value)}" for name, value in spec.environment.items()]
    request: dict[str, Any] = {
        "Image": details["image"],
        "Cmd": details["command"],
        "Env": environment,
        "Labels": {**details["labels"], TASK_LABEL: spec.task_id},
        "Volumes": {target: {} for target in details["volumes"]},  # go with the container
        "AttachStdout": True,
        "AttachStderr": True,
        "HostConfig": _host_config(spec),
    }
    named = {"Entrypoint": details["entrypoint"], "WorkingDir": details["workdir"], "User": details["user"]}
    return request | {name: value for name, value in named.items() if value}


def _host_config(spec: Spec) -> dict[str, Any]:
    config: dict[str, Any] = {
        "Init": True,
        "SecurityOpt": ["no-new-privileges"],
        "CapDrop": list(_DROPPED),
        "LogConfig": {"Type": "json-file"},  # read again should the line to the engine break
        "NetworkMode": spec.details["networks"][0],
        "Mounts": spec.details["mounts"],
    }
    if spec.memory_bytes is not None:  # swap is not extra room: a task on ECS has none
        config |= {"Memory": spec.memory_bytes, "MemorySwap": spec.memory_bytes}
    if spec.cpu is not None:
        config["NanoCpus"] = round(spec.cpu * _NANO)
    return config
