"""One engine for all tests, and images in it."""

from collections.abc import Iterator

import pytest

from tests.containers.container_home import ContainerHome, container_home
from tests.containers.engine import Engine, an_engine
from tests.containers.images import BUSYBOX, SHELLS, busybox, image, shells
from tests.containers.podman import CannotRun, Podman
from tests.containers.registry import registries


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """An engine that answers, with busybox as an image: by the name in BUSYBOX."""
    try:
        with an_engine() as engine:
            with engine.client() as client:
                client.images.load(image(BUSYBOX, busybox, Cmd=["/bin/sh"]))
            yield engine
    except CannotRun as why:
        pytest.skip(f"No engine can run containers here: {why}")


@pytest.fixture(scope="session")
def shells_image(engine: Engine) -> str:
    """An image with bash, dash and Python too."""
    with engine.client() as client:
        client.images.load(image(SHELLS, shells, Cmd=["/bin/sh"]))
    return SHELLS


@pytest.fixture(scope="session")
def own_podman(engine: Engine) -> Podman:
    """The engine, where a test may do with it as it likes."""
    if engine.podman is None:
        pytest.skip("This machine's own engine is not for tests to end.")
    return engine.podman


@pytest.fixture(scope="session")
def registry(engine: Engine, own_podman: Podman) -> Iterator[None]:
    """Registries that the engine can pull from (tests/containers/registry.py)."""
    try:
        with registries(engine, own_podman):
            yield
    except CannotRun as why:
        pytest.skip(f"No registry can be had: {why}")


@pytest.fixture(scope="session")
def shared(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerHome]:
    """A home for all: use an app of your own, and leave server and engine alone."""
    with container_home(engine, tmp_path_factory.mktemp("containers")) as home:
        yield home
