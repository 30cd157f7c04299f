"""Registries in the engine's own network, with images: one for everybody, and one that wants a name and a password."""

import base64
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.containers.engine import Engine
from tests.containers.images import OTHER_ARCHITECTURE, busybox, for_another_machine, image
from tests.containers.podman import CLOSED_REGISTRY, NO_REGISTRY, REGISTRY, CannotRun, Podman, kill
from tests.local.supervisor.supervised_task import until

PROGRAM = "docker-registry"
NAME, PASSWORD = "ann", "secret"
HASHED = "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a"  # the password, by bcrypt
REPOSITORY = f"{REGISTRY}/shop/web"
FOR_ANOTHER_MACHINE = f"{REGISTRY}/shop/other:1"  # says so nowhere but in its configuration
LISTS_ANOTHER_MACHINE = f"{REGISTRY}/shop/listed:1"  # a list in which there is none for this one
CLOSED = f"{CLOSED_REGISTRY}/shop/web:1"
NOBODY_THERE = f"{NO_REGISTRY}/shop/web:1"


@contextmanager
def registries(engine: Engine, podman: Podman) -> Iterator[None]:
    """Serve until the block ends. The images are in them, and not in the engine. REPOSITORY has tags 1 and 2."""
    if shutil.which(PROGRAM) is None:
        raise CannotRun(f"there is no {PROGRAM} on this machine")
    processes = [podman.run_inside(PROGRAM, "serve", str(path)) for path in _configurations(podman.folder)]
    try:
        until(lambda: _answers(podman))
        with engine.client() as client:
            _fill(client, podman)
        yield
    finally:
        for process in processes:
            kill(process)


def docker_config(user: Path) -> None:
    """Let a user be known to the closed registry, as `docker login` does."""
    folder = user / ".docker"
    folder.mkdir()
    known = base64.b64encode(f"{NAME}:{PASSWORD}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {CLOSED_REGISTRY: {"auth": known}}}))


def _fill(client: Any, podman: Podman) -> None:
    for tag in ("1", "2"):
        push(
            client,
            f"{REPOSITORY}:{tag}",
            image(f"{REPOSITORY}:{tag}", busybox, Env=[f"TAG={tag}", "PATH=/bin"]),
        )
    other = image(FOR_ANOTHER_MACHINE, for_another_machine, OTHER_ARCHITECTURE)
    client.images.load(other)
    podman.command("push", FOR_ANOTHER_MACHINE)
    podman.command("manifest", "create", "listed")
    podman.command("manifest", "add", "listed", FOR_ANOTHER_MACHINE)
    podman.command("manifest", "push", "listed", f"docker://{LISTS_ANOTHER_MACHINE}")
    podman.command("manifest", "rm", "listed")
    client.images.remove(FOR_ANOTHER_MACHINE)


def push(client: Any, name: str, data: bytes) -> None:
    """Have an image in a registry, and not in the engine."""
    client.images.load(data)
    said = client.images.push(name)
    assert "error" not in said, said
    client.images.remove(name)


def _answers(podman: Podman) -> bool:
    return podman.log.count("listening on 127.0.0.1:") == 2


def _configurations(folder: Path) -> Iterator[Path]:
    """Both serve the same images."""
    (folder / "htpasswd").write_text(f"{NAME}:{HASHED}\n")
    closed = {"auth": {"htpasswd": {"realm": "tests", "path": str(folder / "htpasswd")}}}
    more: dict[str, Any]
    for address, more in ((REGISTRY, {}), (CLOSED_REGISTRY, closed)):
        path = folder / f"registry-{address.rpartition(':')[2]}.yml"
        path.write_text(
            json.dumps(  # which is YAML
                {
                    "version": "0.1",
                    "storage": {"filesystem": {"rootdirectory": str(folder / "registry")}},
                    "http": {"addr": address},
                    **more,
                }
            )
        )
        yield path
