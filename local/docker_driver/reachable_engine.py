"""Which container engine answers on this machine: Docker, Podman, Colima, OrbStack, Rancher Desktop.

It is asked on its socket, without docker-py: a server whose tasks are all processes has no use for that.

NoEngine     nobody answers; the message says who was asked, and how to get an engine
"""

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.docker_driver.engine_requests import NO_ENGINE, ping

ANSWERS_WITHIN = 2.0  # seconds
REMEMBERED_FOR = 10.0
NEWEST_API = (1, 47)  # newer ones may change what we know
_HOW_TO_GET_ONE = (
    "Start Docker, Podman, Colima or OrbStack, or install one (Debian: apt install podman, then systemctl --user "
    "enable --now podman.socket); another socket is named by DOCKER_HOST"
)
_PROCESSES_INSTEAD = "tapit-local --driver process runs tasks as plain processes, without their images"


class NoEngine(Exception):
    def __init__(self, why: str) -> None:
        super().__init__(f"no container engine answers: {why}")

    @property
    def hint(self) -> str:
        return f"{_HOW_TO_GET_ONE}. {_PROCESSES_INSTEAD}."


@dataclass(frozen=True)
class ReachableEngine:
    name: str
    url: str
    api_version: str

    def __str__(self) -> str:
        return f"{self.name} at {self.url}"


class EngineFinder:
    """Finds the engine when it is wanted, and asks it again now and then, for engines come and go."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self._found: ReachableEngine | None = None
        self._asked_at = -REMEMBERED_FOR

    @property
    def last_found(self) -> ReachableEngine | None:
        return self._found

    def find(self) -> ReachableEngine:
        """Raise NoEngine."""
        if self._found is None or time.monotonic() > self._asked_at + REMEMBERED_FOR:
            self._found = find_engine(self._environment, self._found)
            self._asked_at = time.monotonic()
        return self._found


def find_engine(environment: Mapping[str, str], known: ReachableEngine | None = None) -> ReachableEngine:
    """Return the first that answers: the one that DOCKER_HOST names, else that of the chosen context, else any.

    Raise NoEngine.
    """
    failures = {}
    for url in dict.fromkeys([*([known.url] if known else []), *_urls(environment)]):
        try:
            return _asked(url)
        except NO_ENGINE as error:
            failures[url] = str(getattr(error, "strerror", None) or error).lower()
    told = {url: why for url, why in failures.items() if not _is_absent(url)} or failures
    why = "; ".join(f"{url}: {why}" for url, why in list(told.items())[:3])
    raise NoEngine(why or "no socket of one is there")


def _urls(environment: Mapping[str, str]) -> Iterator[str]:
    """What a user has said comes alone."""
    if host := environment.get("DOCKER_HOST"):
        yield host
        return
    if context := _context(environment):
        yield context
    if host := environment.get("CONTAINER_HOST"):  # Podman's own
        yield host
    home, runtime = environment.get("HOME", ""), environment.get("XDG_RUNTIME_DIR", "")
    yield from (
        f"unix://{path}"
        for path in (
            f"{runtime}/docker.sock" if runtime else "",
            "/var/run/docker.sock",
            f"{home}/.docker/run/docker.sock",
            f"{home}/.docker/desktop/docker.sock",
            f"{home}/.orbstack/run/docker.sock",
            f"{home}/.colima/default/docker.sock",
            f"{home}/.colima/docker.sock",
            f"{home}/.rd/docker.sock",
            f"{runtime}/podman/podman.sock" if runtime else "",
            "/run/podman/podman.sock",
            f"{home}/.local/share/containers/podman/machine/podman.sock",
        )
        if path and Path(path).exists()
    )


def _context(environment: Mapping[str, str]) -> str | None:
    """Return where the chosen context of the docker command is; None for the usual place."""
    folder = Path(environment.get("DOCKER_CONFIG") or f"{environment.get('HOME', '')}/.docker")
    name = environment.get("DOCKER_CONTEXT") or _json(folder / "config.json").get("currentContext")
    if not isinstance(name, str) or name == "default":
        return None
    described = _json(folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json")
    try:
        return str(described["Endpoints"]["docker"]["Host"])
    except (KeyError, TypeError):
        return None


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _asked(url: str) -> ReachableEngine:
    version, server = ping(url, ANSWERS_WITHIN)
    newest = min(_numbers(version), NEWEST_API)
    is_podman = "libpod" in server.lower()
    return ReachableEngine("Podman" if is_podman else "Docker", url, ".".join(map(str, newest)))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _is_absent(url: str) -> bool:
    return url.startswith("unix://") and not Path(urlsplit(url).path).exists()
