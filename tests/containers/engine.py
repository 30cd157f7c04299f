"""An engine for tests: the machine's own where one answers, else a Podman of the tests'."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import docker

from tests.containers.answering import answers
from tests.containers.podman import Podman, podman

USUAL = "unix:///var/run/docker.sock"


class Engine:
    """`host` is what DOCKER_HOST is to be; `podman` is there if the engine is the tests' own."""

    def __init__(self, host: str, podman: Podman | None = None) -> None:
        self.host = host
        self.podman = podman

    @contextmanager
    def client(self) -> Iterator[Any]:
        with closing(docker.DockerClient(base_url=self.host, timeout=60)) as client:
            yield client


@contextmanager
def an_engine() -> Iterator[Engine]:
    """Raise CannotRun when there is none, and none can be."""
    for host in filter(None, (os.environ.get("DOCKER_HOST"), USUAL)):
        if answers(host):
            yield Engine(host)
            return
    with podman() as own:
        yield Engine(own.host, own)
