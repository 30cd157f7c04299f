"""Has a task's image on this machine: fetched from its registry when it is missing, always, or never."""

from collections.abc import Callable, Mapping
from typing import Any

from docker.errors import DockerException, ImageNotFound, NotFound

from local.docker_driver.engine import in_words
from local.docker_driver.registry_login import Login, login_for
from local.supervisor.driven_task import CannotPull

MISSING, ALWAYS, NEVER = "missing", "always", "never"
_MEGABYTE = 1_000_000
_DONE = ("Download complete", "Pull complete", "Already exists")


def have_image(
    client: Any, image: str, when: str, environment: Mapping[str, str], tell: Callable[[str], None]
) -> dict[str, Any]:
    """Return what the engine says of the image. Raise CannotPull, or one of GONE.

    `environment` is that of the user who is known to registries.
    """
    found = None
    try:
        found = _found(client, image)
        if when == ALWAYS or (found is None and when != NEVER):
            _pull(client, image, login_for(image, environment, tell), tell)
            found = _found(client, image)
    except DockerException as error:
        is_here = "" if found is None else "; this machine has it, but pull=always asks its registry"
        raise CannotPull(f"{image} could not be pulled: {in_words(error)}{is_here}") from error
    if found is None:
        raise CannotPull(f"{image} is not on this machine, and pull={when}")
    return found


def _found(client: Any, image: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = client.inspect_image(image)
    except (ImageNotFound, NotFound):
        return None
    return found


def _pull(client: Any, image: str, login: Login | None, tell: Callable[[str], None]) -> None:
    """Raise DockerException: an engine that has begun to answer tells of a failure in what it streams."""
    progress = PullProgress(image)
    tell(str(progress))
    for said in client.pull(image, stream=True, decode=True, auth_config=login):
        if "error" in said:
            raise DockerException(str(said["error"]).strip())
        progress.hear(said)
        tell(str(progress))


class PullProgress:
    """How far a pull is, from what an engine says of its layers one by one."""

    def __init__(self, image: str) -> None:
        self._image = image
        self._bytes: dict[str, tuple[int, int]] = {}  # of each layer: those that are here, and all
        self._done: set[str] = set()

    def hear(self, said: dict[str, Any]) -> None:
        layer, status = said.get("id"), said.get("status", "")
        if not layer or status.startswith("Pulling from"):
            return
        self._bytes.setdefault(layer, (0, 0))
        if status == "Downloading":
            progress = said.get("progressDetail") or {}
            self._bytes[layer] = (progress.get("current", 0), progress.get("total", 0))
        elif status in _DONE:
            self._done.add(layer)
            self._bytes[layer] = (self._bytes[layer][1], self._bytes[layer][1])

    def __str__(self) -> str:
        here, in_all = (sum(each[index] for each in self._bytes.values()) for index in (0, 1))
        parts = [f"{here / _MEGABYTE:.1f} of {in_all / _MEGABYTE:.1f} MB"] if in_all else []
        if self._bytes:
            parts.append(f"{len(self._done)} of {len(self._bytes)} layers")
        return f"pulling {self._image}" + (f" ({', '.join(parts)})" if parts else "")
