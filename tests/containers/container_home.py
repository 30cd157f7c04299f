"""A real home whose tasks run as containers of the tests' engine."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.containers.engine import Engine
from tests.home_process import BIN, HomeProcess
from tests.local.supervisor.supervised_task import GENEROUS, until

Ran = subprocess.CompletedProcess[str]


class ContainerHome:
    """A home, and its engine as a person at the machine sees it."""

    def __init__(self, engine: Engine, place: Path, *options: str) -> None:
        self.process = HomeProcess(place, *options)
        self.process.env["DOCKER_HOST"] = engine.host
        self.engine = engine

    @property
    def api(self) -> Any:
        return self.process.api

    @property
    def label(self) -> str:
        return f"tapit.home={self.process.state}"

    def new_app(self, image: str | None, **fields: object) -> str:
        return self.process.new_app(image=image, **fields)

    def tapit(self, app: str, *words: str) -> Ran:
        return subprocess.run(
            [BIN / "tapit", *words],
            env=self.process.env_for(app),
            cwd=self.process.user,
            capture_output=True,
            text=True,
            timeout=GENEROUS,
            check=False,
        )

    def printed(self, task_id: str) -> list[str]:
        """Return the lines that there are by now."""
        return [line["message"] for line in self.api.get(f"/tasks/{task_id}/logs")["items"]]

    def container_of(self, task_id: str) -> Any:
        """Return what the engine says of the container of a task's first attempt."""
        with self.engine.client() as client:
            return client.api.inspect_container(f"tapit-{task_id}-1")

    def inside(self, task_id: str, *words: str) -> str:
        """Return what a command prints in a running task."""
        with self.engine.client() as client:
            begun = client.api.exec_create(f"tapit-{task_id}-1", words)
            return str(client.api.exec_start(begun).decode())

    def left(self) -> list[str]:
        """Return the names of containers, networks and volumes that are there because of this home."""
        with self.engine.client() as client:
            containers = client.containers.list(all=True, filters={"label": self.label}, ignore_removed=True)
            networks = client.networks.list(filters={"label": self.label})
            return [each.name for each in (*containers, *networks)]

    def kill_supervisor(self, task_id: str) -> None:
        folder = self.process.folder(task_id)
        supervisor = folder.supervisor_pid()
        assert supervisor is not None
        os.kill(supervisor, 9)
        until(lambda: not folder.is_alive())

    def clean(self, **env: str) -> Ran:
        return subprocess.run(
            [BIN / "tapit-local", "clean", "--state", self.process.state],
            env={**self.process.env, **env},
            capture_output=True,
            text=True,
            timeout=GENEROUS,
            check=False,
        )

    def close(self) -> None:
        """Leave neither a process nor a container."""
        if self.process.is_served:
            self.process.kill()
        remove_all(self.engine, self.label)
        self.process.close()


@contextmanager
def container_home(
    engine: Engine, place: Path, *options: str, log_in: Callable[[Path], None] = lambda _: None
) -> Iterator[ContainerHome]:
    """`log_in` makes its user, whose folder it gets, known to registries."""
    home = ContainerHome(engine, place, *options)
    log_in(home.process.user)
    try:
        home.process.start()
        yield home
    finally:
        home.close()


def remove_all(engine: Engine, label: str) -> None:
    """Remove containers and networks that have a label."""
    with engine.client() as client:
        for container in client.containers.list(all=True, filters={"label": label}, ignore_removed=True):
            container.remove(force=True, v=True)
        for network in client.networks.list(filters={"label": label}):
            network.remove()
