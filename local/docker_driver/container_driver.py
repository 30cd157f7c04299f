"""Tasks as containers: in an image of their own, with no more rights than they need, and their size enforced."""

import hashlib
import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from chalicelib.adapters import graceful_line
from chalicelib.domain.app import App
from chalicelib.domain.errors import InvalidRequest, RefusedForNow
from chalicelib.domain.image import Pull
from chalicelib.domain.mount import Mount
from chalicelib.domain.task import Task
from local.docker_driver import waiter
from local.docker_driver.container_request import APP_LABEL, ATTEMPT_LABEL, HOME_LABEL
from local.docker_driver.engine_addresses import engine_sockets
from local.docker_driver.engine_requests import NO_ENGINE, remove_network
from local.docker_driver.leftovers import kill_leftovers, remove_unsupervised
from local.docker_driver.mount_check import HINT, problem_with_socket, socket_in
from local.docker_driver.reachable_engine import NoEngine, ReachableEngine
from local.runs import sessions
from local.runs.run_folder import RunFolder
from local.runs.run_requests import in_seconds
from local.runs.run_start import TaskToRun
from local.supervisor.spec import TASK_ID

FORK_SERVER = Path(__file__).with_name("__main__.py")
GIB = 1024**3
# Engines read two pipes in any order; through one, all that is printed comes in its own.
_IN_ORDER = "exec 2>&1\n"


class ContainerDriver:
    """`notifications` is the FIFO on which supervisors say that there is news; `home` is on each container's label, and
    `socket` is where its API is served.
    """

    def __init__(
        self, notifications: Path, home: str, socket: Path, find_engine: Callable[[], ReachableEngine]
    ) -> None:
        self._notifications = notifications
        self._home = home
        self._socket = socket
        self._find_engine = find_engine

    def plan(self, task: Task, app: App) -> dict[str, Any]:
        try:
            engine = self._find_engine()
        except NoEngine as error:
            raise RefusedForNow(str(error)) from error
        return {
            "driver": "docker",
            "engine": engine.url,
            "api_version": engine.api_version,
            "image": task.image_in(app.image),
            "pull": task.pull or Pull.MISSING,
            "workdir": task.workdir or app.workdir,
            "user": task.user or app.user,
            "mounts": app.mounts,
            "networks": app.networks,
            "stop_timeout": app.stop_timeout,
            "keep_entrypoint": app.keep_entrypoint,
        }

    def check_app(self, app: App) -> Sequence[str]:
        self.refuse_mounts(app)
        return [*_about_path(app), *_about_folders(app)]

    def refuse_mounts(self, app: App) -> None:
        """Raise InvalidRequest for what would give tasks the machine; what is not there yet is seen at the start."""
        for mount in map(Mount.of, app.mounts):
            if mount.is_folder and (socket := socket_in(str(mount.source), self._refused_sockets())):
                problem = problem_with_socket(str(mount.source), socket)
                raise InvalidRequest(f"{problem}.", {"mounts": problem}, hint=HINT)

    def _refused_sockets(self) -> list[str]:
        """On the home's own no token is asked for."""
        return [*engine_sockets(os.environ), str(self._socket)]

    def refuse(self, task: Task, app: App) -> None:
        if not app.keep_entrypoint:
            return
        if task.attached:
            problem = f"needs a shell to begin with, and the app {app.name} keeps its image's entry point"
            hint = f"Let it have a shell again: tapit set app name={app.name} keep_entrypoint=false."
            raise InvalidRequest(f"A session {problem}.", {"attached": problem}, hint=hint)
        _words(task.command)

    def notes(self, task: Task, app: App | None) -> Sequence[str]:  # noqa: ARG002 - all of it is honoured
        return []

    def not_enforced(self, task: Task) -> Sequence[str]:  # noqa: ARG002 - all of it is
        return []

    def task_to_run(
        self,
        task: Task,
        app: App,
        folder: RunFolder,
        secrets: Mapping[str, str],
    ) -> TaskToRun:
        assert task.launch is not None
        plan = task.launch.plan
        mounts = [Mount.of(text) for text in plan["mounts"]]
        return TaskToRun(
            command=task.command,
            environment=_environment(task, app, secrets),
            server_pipe=self._notifications,
            workdir=Path("/"),
            max_seconds=in_seconds(task.max_hours),
            memory_bytes=int(task.memory * GIB),
            stop_timeout=plan["stop_timeout"],
            cpu=task.cpu,
            details={
                "engine": plan["engine"],
                "api_version": plan["api_version"],
                "image": plan["image"],
                "pull": plan["pull"],
                **_runs(task, plan),
                "agent_socket": str(sessions.socket_of(folder)) if task.interactive else None,
                "attached": task.attached,
                "workdir": plan["workdir"],
                "user": plan["user"],
                "mounts": [_described(mount) for mount in mounts if mount.source is not None],
                "sockets": self._refused_sockets(),
                "volumes": [mount.target for mount in mounts if mount.source is None],
                "networks": plan["networks"] or [self.own_network(task.app)],
                "own_network": None if plan["networks"] else self.own_network(task.app),
                "labels": {
                    HOME_LABEL: self._home,
                    APP_LABEL: task.app,
                    ATTEMPT_LABEL: str(task.launch.attempt),
                },
                "surroundings": dict(os.environ),  # as helpers that know the user's logins need it
            },
        )

    kill_leftovers = staticmethod(kill_leftovers)

    def forget(self, task: Task) -> None:
        plan = task.launch.plan if task.launch else {}
        if plan.get("driver") == "docker":
            with suppress(*NO_ENGINE):  # a later clean-up finds it as well
                remove_network(plan["engine"], plan["api_version"], self.own_network(task.app))

    def clean_up(self, is_supervised: Callable[[str], bool]) -> None:
        with suppress(NoEngine, *NO_ENGINE):
            remove_unsupervised(self._find_engine(), self._home, is_supervised)

    def own_network(self, app: str) -> str:
        """Return the name of the network that an app's tasks share; two homes may have apps of the same name."""
        return f"tapit-{app}-{hashlib.sha256(self._home.encode()).hexdigest()[:6]}"


def _about_path(app: App) -> Iterator[str]:
    """As it was put there by a shell when the app had no image, or by somebody who meant it."""
    if "PATH" in app.environment:
        yield (
            "Its variable PATH hides that of the image; unless it was made for the image, take it away: "
            f"tapit set app name={app.name} unset_env=PATH"
        )


def _about_folders(app: App) -> Iterator[str]:
    """An engine may make what is missing, as root, or be on a machine that has it."""
    for mount in map(Mount.of, app.mounts):
        if mount.is_folder and not os.path.exists(str(mount.source)):
            yield f"{mount.source} of mounts= is not there on this machine."


def _described(mount: Mount) -> dict[str, Any]:
    return {
        "Type": "bind" if mount.is_folder else "volume",
        "Source": mount.source,
        "Target": mount.target,
        "ReadOnly": not mount.is_writable,
    }


def _runs(task: Task, plan: Mapping[str, Any]) -> dict[str, Any]:
    if plan["keep_entrypoint"]:
        return {"entrypoint": None, "command": _words(task.command)}
    if task.attached:
        return {"entrypoint": graceful_line.ENTRY_POINT[:2], "command": waiter.COMMAND}
    command = graceful_line.command(task.command, plan["stop_timeout"])
    return {
        "entrypoint": [*graceful_line.ENTRY_POINT[:2], _IN_ORDER + graceful_line.SCRIPT],
        "command": command,
    }


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        problem = f"cannot be split into words for the image's entry point: {error}"
        raise InvalidRequest(f"The command {problem}.", {"command": problem}) from error


def _environment(task: Task, app: App, secrets: Mapping[str, str]) -> dict[str, str]:
    """The image has a PATH of its own, which that of somebody's shell would hide."""
    inherited = dict(app.environment)
    if app.image is None:
        inherited.pop("PATH", None)
    return {**inherited, **task.environment, **secrets, TASK_ID: task.id, "TAPIT_APP": task.app}
