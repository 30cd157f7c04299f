"""What a service of a resolved compose project says of an app."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.errors import UsageError
from tapit.language import values
from tapit.sources.found import Found

if TYPE_CHECKING:
    from typing import Any

# What would change what a command can do or see, and what tasks do not have.
_NOT_TAKEN = (
    "cap_add",
    "configs",
    "device_cgroup_rules",
    "devices",
    "dns",
    "entrypoint",
    "extra_hosts",
    "gpus",
    "group_add",
    "ipc",
    "links",
    "pid",
    "platform",
    "privileged",
    "read_only",
    "runtime",
    "secrets",
    "security_opt",
    "shm_size",
    "sysctls",
    "tmpfs",
    "ulimits",
    "userns_mode",
    "volumes_from",
)
_OF_ONE_MACHINE = ("volumes", "networks")
_ENGINES_OWN = ("none", "host", "bridge")


def service_of(project: dict[str, Any], wanted: str | None) -> str:
    """The name of the service that is meant; without one, the only one there is."""
    services: list[str] = sorted(project.get("services") or {})
    if wanted is not None:
        return wanted
    if len(services) == 1:
        return services[0]
    raise UsageError(
        f"the compose project {project['name']} has {len(services) or 'no'} services",
        f"They are {', '.join(services)}; an app is like one of them." if services else None,
        f"service={services[0]}" if services else None,
    )


def as_app(project: dict[str, Any], name: str, given: dict[str, Any], *, is_local: bool) -> Found:
    """What the service says, and null where it says nothing: so an app that is read anew has no remains."""
    service = project["services"][name]
    variables, strange = _environment(service)
    body = {
        "image": service.get("image") or f"{project['name']}-{name}",
        "environment": variables,
        "workdir": service.get("working_dir"),
        "user": service.get("user"),
    }
    left_out = [key for key in _OF_ONE_MACHINE if service.get(key)]
    if is_local:
        mounts, left_out = _mounts(project, service)
        networks = None if "networks" in given else _networks(project, name)
        body |= {"mounts": mounts or None, "networks": networks}
    left_out = [key for key in _NOT_TAKEN if service.get(key)] + left_out
    is_built = service.get("build") and "image" not in given
    notes = (
        (is_built, f"Its image is made by docker compose build {name}."),
        (left_out, f"Not taken over from the service {name}: {', '.join(left_out)}."),
        (strange, f"Left out, for no task can have variables of such names: {', '.join(strange)}."),
    )
    return Found(body, notes=[note for is_so, note in notes if is_so])


def _environment(service: dict[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Variables with their values, and names that no task can have; null is what this shell was to give and has not."""
    found = {
        key: str(value) for key, value in (service.get("environment") or {}).items() if value is not None
    }
    strange = [key for key in found if not values.names_variable(key) or key.startswith(values.OWN_VARIABLES)]
    return {key: value for key, value in found.items() if key not in strange}, strange


def _networks(project: dict[str, Any], name: str) -> list[str] | None:
    service = project["services"][name]
    mode = service.get("network_mode")
    if mode in _ENGINES_OWN:
        return [mode]
    if mode:
        raise UsageError(
            f"the service {name} is in the network of another container ({mode})",
            "Tasks are in networks of their own, or in those of the engine.",
            f"networks={project['name']}_default, or other ones as docker network ls shows them",
        )
    known = project.get("networks") or {}
    return [known[key]["name"] for key in service.get("networks") or {}] or None


def _mounts(project: dict[str, Any], service: dict[str, Any]) -> tuple[list[str], list[str]]:
    """As mounts= has them, and what it cannot say. They are writable there unless the file says otherwise."""
    known = project.get("volumes") or {}
    mounts, left_out = [], []
    for volume in service.get("volumes") or []:
        kind, source, target = volume["type"], volume.get("source"), volume["target"]
        part_of_one = (volume.get("volume") or {}).get("subpath")
        if kind not in ("bind", "volume") or part_of_one or ":" in target or ":" in (source or ""):
            left_out.append(f"{target} ({kind})")
            continue
        if source is None:
            mounts.append(target)
            continue
        whole = source if kind == "bind" else known[source]["name"]
        mounts.append(f"{whole}:{target}{'' if volume.get('read_only') else ':rw'}")
    return mounts, left_out
