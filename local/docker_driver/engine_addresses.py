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


def url_of_context(environment: Mapping[str, str]) -> str | None:
    """Return where the chosen context of the docker command is; None for the usual place."""
    chosen = environment.get("DOCKER_CONTEXT")
    name = chosen or _json(f"{_folder(environment)}/config.json").get("currentContext")
    if not isinstance(name, str) or name == "default":
        return None
    return _contexts(environment).get(hashlib.sha256(name.encode()).hexdigest())


def urls_to_ask(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield where an engine may answer although nobody has said so, best first."""
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
    try:
        address = urlsplit(url)
    except ValueError:
        return None
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


def _contexts(environment: Mapping[str, str]) -> dict[str, str]:
    """Return where each context of the docker command is, by what its folder is called."""
    files = sorted(glob(f"{escape(_folder(environment))}/contexts/meta/*/meta.json"))
    return {file.split("/")[-2]: url for file in files if (url := _endpoint(_json(file)))}


def _endpoint(context: Mapping[str, Any]) -> str | None:
    try:
        return str(context["Endpoints"]["docker"]["Host"])
    except (KeyError, TypeError):
        return None


def _folder(environment: Mapping[str, str]) -> str:
    return environment.get("DOCKER_CONFIG") or f"{environment.get('HOME', '')}/.docker"


def _json(path: str) -> dict[str, Any]:
    try:
        found = json.loads(Path(path).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
