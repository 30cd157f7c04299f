"""Chooses for each task whether it runs as a container or as plain processes: one with an image is a container."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.app import App
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.task import Task
from local.docker_driver.container_driver import ContainerDriver, image_of
from local.docker_driver.reachable_engine import EngineFinder, NoEngine
from local.process_driver.process_driver import ProcessDriver
from local.runs.driver import Driver
from local.runs.run_folder import RunFolder
from local.runs.run_start import TaskToRun

WITHOUT_IMAGE = "It runs as a plain process with your own rights, for neither it nor its app names an image."


class EitherDriver:
    """A driver made of two. A task that names an image is never run without it."""

    def __init__(self, process: ProcessDriver, container: ContainerDriver, engines: EngineFinder) -> None:
        self._process = process
        self._container = container
        self._engines = engines

    def plan(self, task: Task, app: App) -> dict[str, Any]:
        return self._of(task, app).plan(task, app)

    def check_app(self, app: App) -> Sequence[str]:
        return self._container.check_app(app) if app.image else self._process.check_app(app)

    def refuse(self, task: Task, app: App) -> None:
        driver = self._of(task, app)
        driver.refuse(task, app)
        if driver is self._container:
            self._refuse_without_engine(image_of(task, app))

    def notes(self, task: Task) -> Sequence[str]:
        if task.image:
            return self._container.notes(task)
        return self._process.notes(task)

    def not_enforced(self, task: Task) -> Sequence[str]:
        return self._launched_by(task).not_enforced(task)

    def task_to_run(self, task: Task, app: App, folder: RunFolder, secrets: Mapping[str, str]) -> TaskToRun:
        return self._launched_by(task).task_to_run(task, app, folder, secrets)

    def kill_leftovers(self, folder: RunFolder) -> int:
        return self._process.kill_leftovers(folder) + self._container.kill_leftovers(folder)

    def _of(self, task: Task, app: App) -> Driver:
        return self._container if image_of(task, app) else self._process

    def _launched_by(self, task: Task) -> Driver:
        is_container = task.launch is not None and task.launch.plan.get("driver") == "docker"
        return self._container if is_container else self._process

    def _refuse_without_engine(self, image: str | None) -> None:
        try:
            self._engines.find()
        except NoEngine as error:
            problem = f"{image} needs a container engine, and {error}"
            raise InvalidRequest(f"The image {problem}.", {"image": problem}, hint=error.hint) from error
