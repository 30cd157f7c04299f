"""Removes what is left of tasks whose supervisors were killed and so could not do it."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.docker_driver.container_request import HOME_LABEL, NAME_PREFIX
from local.docker_driver.engine_of_run import ENGINE_FILE
from local.docker_driver.engine_requests import NO_ENGINE, list_labelled, remove_container, remove_network
from local.docker_driver.reachable_engine import ReachableEngine
from local.runs.run_folder import RunFolder
from local.supervisor.atomic_files import read_text

logger = logging.getLogger(__name__)
_HALF_REMOVED = re.compile(r'container from store "([0-9a-f]{64})": container not known')


@dataclass(frozen=True)
class Removed:
    """By their names."""

    containers: list[str]
    networks: list[str]


def kill_leftovers(folder: RunFolder) -> int:
    """Remove the container that a vanished supervisor left, and return how many there were."""
    engine = read_text(str(folder.path / ENGINE_FILE))
    if engine is None:
        return 0
    url, _, api_version = engine.partition("\n")
    try:
        return int(remove_container(url, api_version.strip(), f"{NAME_PREFIX}{folder.path.name}"))
    except NO_ENGINE as error:
        logger.warning("What is left of %s could not be removed: %s", folder.path, error)
        return 0


def remove_unsupervised(engine: ReachableEngine, home: str, is_supervised: Callable[[str], bool]) -> Removed:
    """Remove a home's containers whose runs (asked about by the names of their folders) nobody supervises any more,
    and its networks that nobody is in. Raise one of NO_ENGINE.
    """
    where, label = (engine.url, engine.api_version), f"{HOME_LABEL}={home}"
    names = [_name(found) for found in _listed(engine, label)]
    left = [name for name in names if not is_supervised(name.removeprefix(NAME_PREFIX))]
    containers = [name for name in left if remove_container(*where, name)]
    networks = [found["Name"] for found in list_labelled(*where, "networks", label)]
    return Removed(containers, [name for name in networks if remove_network(*where, name)])


def _name(container: Mapping[str, Any]) -> str:
    """Docker's have none any more when their removal did not come to its end."""
    names = container.get("Names") or [container["Id"]]
    return str(names[0]).removeprefix("/")


def _listed(engine: ReachableEngine, label: str) -> list[dict[str, Any]]:
    """Podman that was killed while it removed a container lists none with that label until it is removed."""
    where, removed = (engine.url, engine.api_version), set()
    while True:
        try:
            return list_labelled(*where, "containers", label)
        except ValueError as complaint:
            half_removed = _HALF_REMOVED.search(str(complaint))
            if half_removed is None or half_removed[1] in removed:
                raise
            remove_container(*where, half_removed[1])
            removed.add(half_removed[1])
