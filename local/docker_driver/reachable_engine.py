"""Which container engine answers on this machine: Docker, Podman, Colima, OrbStack, Rancher Desktop.

It is asked on its socket, without docker-py: a server whose tasks are all processes has no use for that.

NoEngine     nobody answers; the message says who was asked, and how to get an engine
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

from local.docker_driver.engine_addresses import socket_of, url_of_context, urls_to_ask
from local.docker_driver.engine_requests import NO_ENGINE, ping
from local.docker_driver.why_no_engine import OLDEST_API, TooOld, advice, in_words

ANSWERS_WITHIN = 2.0  # seconds
REMEMBERED_FOR = 10.0
NEWEST_API = (1, 47)  # newer ones may change what we know
_HOW_TO_GET_ONE = (
    "Start Docker, Podman, Colima or OrbStack, or install one (Debian: apt install podman, then systemctl --user "
    "enable --now podman.socket); another socket is named by DOCKER_HOST"
)
_PROCESSES_INSTEAD = "tapit-local --driver process runs tasks as plain processes, without their images"


class NoEngine(Exception):
    def __init__(self, why: str, what_to_do: str | None = None) -> None:
        super().__init__(f"no container engine answers: {why}")
        self.what_to_do = what_to_do or _HOW_TO_GET_ONE

    @property
    def hint(self) -> str:
        return f"{self.what_to_do}. {_PROCESSES_INSTEAD}."


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
    failures: dict[str, Exception] = {}
    said = _said(environment)
    for url in dict.fromkeys(
        [*([known.url] if known else []), *([said.url] if said else urls_to_ask(environment))]
    ):
        try:
            return _asked(url)
        except NO_ENGINE as error:
            failures[url] = error
    raise _no_engine(failures, said)


@dataclass(frozen=True)
class _Said:
    """Where a user has said that the engine is, and how it can be unsaid."""

    url: str
    by: str
    unsaying: str


def _no_engine(failures: Mapping[str, Exception], said: _Said | None) -> NoEngine:
    told = {url: error for url, error in failures.items() if not _is_absent(url)} or failures
    why = "; ".join(f"{url}: {in_words(url, error)}" for url, error in list(told.items())[:3])
    what_to_do = next(filter(None, (advice(url, error) for url, error in told.items())), None)
    if said is not None:
        what_to_do = f"{what_to_do or 'Start it'}, or {said.unsaying}"
        why = f"{why} ({said.by})"
    return NoEngine(why or "no socket of one is there", what_to_do)


def _said(environment: Mapping[str, str]) -> _Said | None:
    """What a user has said comes alone: nobody wants to find tasks on another machine than that."""
    if host := environment.get("DOCKER_HOST"):
        return _Said(host, "by DOCKER_HOST", "start tapit-local without DOCKER_HOST")
    if context := url_of_context(environment):
        return _Said(
            context, "by the context of docker", "choose another context: docker context use default"
        )
    return None


def _asked(url: str) -> ReachableEngine:
    """Raise one of NO_ENGINE."""
    version, server = ping(url, ANSWERS_WITHIN)
    try:
        numbers = tuple(map(int, version.split(".")))
    except ValueError as error:
        raise ValueError(f"it does not speak Docker's API (version {version})") from error
    if numbers < OLDEST_API:
        raise TooOld(version)
    is_podman = "libpod" in server.lower()
    api_version = ".".join(map(str, min(numbers, NEWEST_API)))
    return ReachableEngine("Podman" if is_podman else "Docker", url, api_version)


def _is_absent(url: str) -> bool:
    path = socket_of(url)
    return path is not None and not os.path.exists(path)
