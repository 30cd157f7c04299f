"""A container that is there and has not begun, with the line on which its output will come."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from docker.errors import APIError, NotFound

from local.docker_driver.app_network import have_network
from local.docker_driver.container_request import container_name, container_request
from local.docker_driver.engine import FAILURES, Engine, in_words
from local.docker_driver.engine_addresses import socket_of
from local.docker_driver.engine_of_run import remember_engine
from local.docker_driver.image_pull import have_image
from local.docker_driver.mount_check import problem_with_folders, problem_with_volume
from local.supervisor.driven_task import CannotStart
from local.supervisor.spec import Spec

_SIGTERM = "SIGTERM"
_HALF_REMOVED = "container not known"  # by the store of a Podman that was killed while it removed it


@dataclass(frozen=True)
class MadeContainer:
    """`image` is what the engine says of its image."""

    client: Any
    id: str
    name: str
    image: dict[str, Any]
    line: Any
    have_network: Callable[[], None] | None

    @property
    def stop_signal(self) -> str:
        """Return what its image wants to be stopped by."""
        return str((self.image.get("Config") or {}).get("StopSignal") or _SIGTERM)

    def start(self) -> None:
        """A network that nobody was in may have been cleared away since."""
        try:
            self.client.start(self.name)
        except APIError as error:
            if self.have_network is None or "network" not in str(error.explanation):
                raise
            self.have_network()
            self.client.start(self.name)

    def state(self) -> dict[str, Any]:
        """Raise NotFound when somebody has removed it."""
        try:
            state: dict[str, Any] = self.client.inspect_container(self.name)["State"]
        except APIError as error:
            if _HALF_REMOVED in str(error.explanation):
                raise NotFound(str(error)) from error
            raise
        return state

    def unpause(self) -> None:
        """Raise DockerException when it is not paused. One that is takes no signal, and engines fail to kill it."""
        self.client.unpause(self.name)

    def kill(self, signal: str) -> None:
        self.client.kill(self.name, signal)

    def remove(self) -> None:
        """Remove its anonymous volumes as well."""
        self.client.remove_container(self.name, v=True, force=True)


def make_container(engine: Engine, spec: Spec, tell: Callable[[str], None]) -> MadeContainer:
    """Raise CannotStart. `tell` hears what it waits for."""
    sockets = [*filter(None, [socket_of(engine.url)]), *spec.details["sockets"]]
    if problem := problem_with_folders(engine.url, _mounted(spec, "bind"), sockets):
        raise CannotStart(problem)
    try:
        remember_engine(spec.folder, engine.url, engine.api_version)
    except OSError as error:
        raise CannotStart(f"there is no room in the state folder: {error.strerror}") from error
    try:
        client = engine.client()
        _refuse_volumes(client, _mounted(spec, "volume"), sockets)
        image = have_image(
            client, spec.details["image"], spec.details["pull"], spec.details["surroundings"], tell
        )
        return _made(client, spec, image)
    except FAILURES as error:
        raise CannotStart(in_words(error, engine.url)) from error


def _mounted(spec: Spec, kind: str) -> list[str]:
    return [mount["Source"] for mount in spec.details["mounts"] if mount["Type"] == kind]


def _refuse_volumes(client: Any, names: Iterable[str], sockets: Iterable[str]) -> None:
    """One that is not there yet is made as an empty one."""
    for name in names:
        with suppress(NotFound):
            if problem := problem_with_volume(client.inspect_volume(name), sockets):
                raise CannotStart(problem)


def _made(client: Any, spec: Spec, image: dict[str, Any]) -> MadeContainer:
    name = container_name(spec)
    _remove(
        client, name
    )  # there is one only if the supervisor of this attempt was killed before anything ran
    try:
        return _made_by_name(client, spec, image, name)
    except FAILURES:
        with suppress(*FAILURES):
            _remove(client, name)
        raise


def _made_by_name(client: Any, spec: Spec, image: dict[str, Any], name: str) -> MadeContainer:
    details, have_own = spec.details, None
    if details["own_network"] is not None:
        have_own = partial(have_network, client, details["own_network"], details["labels"])
        have_own()
    container_id = _created(client, container_request(spec), name)
    for network in details["networks"][1:]:
        client.connect_container_to_network(name, network)
    return MadeContainer(client, container_id, name, image, _attached(client, name), have_own)


def _created(client: Any, request: dict[str, Any], name: str) -> str:
    """An engine refuses to bound a container to more processors than it has; all of them is what is meant then."""
    try:
        return str(client.create_container_from_config(request, name)["Id"])
    except APIError as error:
        if "range of cpus" not in str(error.explanation).lower():
            raise
    unbounded = {name: value for name, value in request["HostConfig"].items() if name != "NanoCpus"}
    return str(client.create_container_from_config({**request, "HostConfig": unbounded}, name)["Id"])


def _remove(client: Any, name: str) -> None:
    with suppress(NotFound):
        client.remove_container(name, v=True, force=True)


def _attached(client: Any, name: str) -> Any:
    """To be done before the start, or the first words may be missed."""
    raw = client.attach_socket(name, params={"stdout": 1, "stderr": 1, "stream": 1})
    return getattr(raw, "_sock", raw)
