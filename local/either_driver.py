"""Chooses for each task whether it runs as a container or as plain processes: one with an image is a container."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib.domain.app import App
from chalicelib.domain.errors import InvalidRequest, RefusedForGood
from chalicelib.domain.task import Task
from local.docker_driver.container_driver import ContainerDriver
from local.docker_driver.reachable_engine import EngineFinder, NoEngine
from local.process_driver.process_driver import ProcessDriver
from local.runs.driver import Driver
from local.runs.run_folder import RunFolder
from local.runs.run_start import TaskToRun

AUTO, DOCKER, PROCESS = NAMES = ("auto", "docker", "process")

_OWN_RIGHTS = "run as plain processes with your own rights: no isolation"


def what_tasks_run_as(name: str, engines: EngineFinder) -> str:
    """Return what is said of it when a home begins to serve."""
    if name == PROCESS:
        return f"Tasks {_OWN_RIGHTS}, and image= is kept but not used."
    others = f"all others {_OWN_RIGHTS}." if name == AUTO else "all others are refused."
    try:
        return f"Tasks with an image run as containers of {engines.find()}; {others}"
    except NoEngine as error:
        return f"Tasks with an image are refused, for {error}; {others}\n{error.hint}"


class EitherDriver:
    """A driver made of two, and `choice` is one of NAMES: a task that names an image is run without it in none but one.

    Whatever the choice is by now, a task that was launched is what it was launched as.
    """

    def __init__(
        self, choice: str, process: ProcessDriver, container: ContainerDriver, engines: EngineFinder
    ) -> None:
        self._choice = choice
        self._process = process
        self._container = container
        self._engines = engines

    def plan(self, task: Task, app: App) -> dict[str, Any]:
        driver = self._of(task, app)
        if driver is self._process and self._choice == DOCKER:
            raise RefusedForGood(f"this home runs containers only, and {app.name} names no image any more")
        return driver.plan(task, app)

    def check_app(self, app: App) -> Sequence[str]:
        """Mounts are of no use to an app without an image, but to its tasks that name one."""
        if self._choice == PROCESS:
            return self._process.check_app(app)
        if app.image is not None:
            return self._container.check_app(app)
        self._container.refuse_mounts(app)
        return self._process.check_app(app)

    def refuse(self, task: Task, app: App) -> None:
        image = task.image_in(app.image)
        if self._choice == PROCESS:
            self._process.refuse(task, app)
        elif image is None:
            self._refuse_without_image(task, app)
            self._process.refuse(task, app)
        else:
            self._container.refuse(task, app)
            self._refuse_without_engine(image)

    def notes(self, task: Task, app: App | None) -> Sequence[str]:
        """Nothing where nobody knows what it will run as."""
        if task.launch is not None:
            return self._launched_by(task).notes(task, app)
        return self._of(task, app).notes(task, app) if app else []

    def not_enforced(self, task: Task) -> Sequence[str]:
        return self._launched_by(task).not_enforced(task)

    def task_to_run(self, task: Task, app: App, folder: RunFolder, secrets: Mapping[str, str]) -> TaskToRun:
        return self._launched_by(task).task_to_run(task, app, folder, secrets)

    def kill_leftovers(self, folder: RunFolder) -> int:
        return self._process.kill_leftovers(folder) + self._container.kill_leftovers(folder)

    def forget(self, task: Task) -> None:
        self._container.forget(task)

    def clean_up(self, is_supervised: Callable[[str], bool]) -> None:
        if self._choice != PROCESS:
            self._container.clean_up(is_supervised)

    def _of(self, task: Task, app: App) -> Driver:
        is_container = self._choice != PROCESS and task.image_in(app.image) is not None
        return self._container if is_container else self._process

    def _launched_by(self, task: Task) -> Driver:
        is_container = task.launch is not None and task.launch.plan.get("driver") == "docker"
        return self._container if is_container else self._process

    def _refuse_without_image(self, task: Task, app: App) -> None:
        if task.docker_tag is not None:
            problem = f"is a tag of the app's image, and {app.name} has none"
            hint = "Name a whole image, image=IMAGE:TAG, or give the app one: tapit set app name=APP image=IMAGE."
            raise InvalidRequest(
                f"docker_tag={task.docker_tag} {problem}.", {"docker_tag": problem}, hint=hint
            )
        if self._choice == DOCKER:
            problem = f"is needed, for this home runs containers only, and neither the task nor {app.name} names one"
            hint = (
                "Name one, image=IMAGE; or have such tasks run as plain processes: tapit-local --driver auto."
            )
            raise InvalidRequest(f"An image {problem}.", {"image": problem}, hint=hint)

    def _refuse_without_engine(self, image: str) -> None:
        try:
            self._engines.find()
        except NoEngine as error:
            problem = f"{image} needs a container engine, and {error}"
            raise InvalidRequest(f"The image {problem}.", {"image": problem}, hint=error.hint) from error
