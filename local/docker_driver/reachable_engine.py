"""Which container engine answers on this machine: Docker, Podman, Colima, OrbStack, Rancher Desktop.

It is asked on its socket, without docker-py: a server whose tasks are all processes has no use for that.

NoEngine     nobody answers; the message says who was asked, and how to get an engine
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.docker_driver.engine_addresses import socket_of, urls_to_ask
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
    for url in dict.fromkeys([*([known.url] if known else []), *urls_to_ask(environment)]):
        try:
            return _asked(url)
        except NO_ENGINE as error:
            failures[url] = str(getattr(error, "strerror", None) or error).lower()
    told = {url: why for url, why in failures.items() if not _is_absent(url)} or failures
    why = "; ".join(f"{url}: {why}" for url, why in list(told.items())[:3])
    raise NoEngine(why or "no socket of one is there")


def _asked(url: str) -> ReachableEngine:
    version, server = ping(url, ANSWERS_WITHIN)
    newest = min(_numbers(version), NEWEST_API)
    is_podman = "libpod" in server.lower()
    return ReachableEngine("Podman" if is_podman else "Docker", url, ".".join(map(str, newest)))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _is_absent(url: str) -> bool:
    path = socket_of(url)
    return path is not None and not Path(path).exists()
