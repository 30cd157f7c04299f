"""Where container engines of this machine listen: whom to ask for one, and what no task is given."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from glob import escape, glob
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# Engines that are not asked: of other users, or without Docker's API.
_OTHERS = ("/run/user/*/docker.sock", "/run/user/*/podman/podman.sock", "/run/crio/crio.sock")
# They may be there tomorrow, when a task runs that has their folder.
_MACHINES_OWN = ("/var/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock")


def urls_to_ask(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield where an engine may answer, best first; what a user has said comes alone."""
    if host := environment.get("DOCKER_HOST"):
        yield host
        return
    if context := _contexts(environment).get(_chosen_context(environment)):
        yield context
    if host := environment.get("CONTAINER_HOST"):  # Podman's own
        yield host
    yield from (f"unix://{path}" for pattern in _usual(environment) for path in sorted(glob(pattern)))


def engine_sockets(environment: Mapping[str, str]) -> list[str]:
    """Return the paths of all sockets that are there, that somebody has named, or that the machine's engines have."""
    named = (*map(environment.get, ("DOCKER_HOST", "CONTAINER_HOST")), *_contexts(environment).values())
    paths = [path for path in map(socket_of, filter(None, named)) if path]
    there = [path for pattern in (*_usual(environment), *_OTHERS) for path in sorted(glob(pattern))]
    return list(dict.fromkeys([*paths, *_MACHINES_OWN, *there]))


def socket_of(url: str) -> str | None:
    """Return the path of the socket that an engine is reached by, if it is of this machine."""
    address = urlsplit(url)
    return address.path if address.scheme == "unix" and address.path.startswith("/") else None


def _usual(environment: Mapping[str, str]) -> Iterator[str]:
    home, runtime = (escape(environment.get(name, "")) for name in ("HOME", "XDG_RUNTIME_DIR"))
    if runtime:
        yield f"{runtime}/docker.sock"
    yield "/var/run/docker.sock"
    yield from (
        f"{home}/{path}"
        for path in (
            ".docker/run/docker.sock",
            ".docker/desktop/docker.sock",
            ".orbstack/run/docker.sock",
            ".colima/default/docker.sock",
            ".colima/docker.sock",
            ".colima/*/docker.sock",
            ".lima/*/sock/docker.sock",
            ".rd/docker.sock",
        )
    )
    if runtime:
        yield f"{runtime}/podman/podman.sock"
    yield "/run/podman/podman.sock"
    yield f"{home}/.local/share/containers/podman/machine/podman.sock"
    yield f"{home}/.local/share/containers/podman/machine/*/podman.sock"


def _chosen_context(environment: Mapping[str, str]) -> str | None:
    """Return what contexts are told apart by; None for the usual place."""
    chosen = environment.get("DOCKER_CONTEXT")
    name = chosen or _json(_folder(environment) / "config.json").get("currentContext")
    is_named = isinstance(name, str) and name != "default"
    return hashlib.sha256(str(name).encode()).hexdigest() if is_named else None


def _contexts(environment: Mapping[str, str]) -> dict[str | None, str]:
    """Return where each context of the docker command is."""
    files = sorted(_folder(environment).glob("contexts/meta/*/meta.json"))
    return {file.parent.name: url for file in files if (url := _endpoint(_json(file)))}


def _endpoint(context: Mapping[str, Any]) -> str | None:
    try:
        return str(context["Endpoints"]["docker"]["Host"])
    except (KeyError, TypeError):
        return None


def _folder(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("DOCKER_CONFIG") or f"{environment.get('HOME', '')}/.docker")


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
