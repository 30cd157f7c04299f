"""Tasks as plain processes of this machine.

This is no isolation: a task can do whatever the user who started the server can.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from tapit.home.shell_path import path_of_this_shell

from chalicelib.domain.app import App
from chalicelib.domain.task import Task
from local.process_driver import cpu_limit, leftovers
from local.process_driver.machine_size import beyond_machine
from local.runs import sessions
from local.runs.run_folder import RunFolder
from local.runs.run_requests import in_seconds
from local.runs.run_start import TaskToRun
from local.session_agent.agent_options import AgentOptions
from local.supervisor.spec import TASK_ID

FORK_SERVER = Path(__file__).with_name("__main__.py")
GIB = 1024**3
INHERITED = ("HOME", "LANG", "TERM")


class ProcessDriver:
    """`notifications` is the FIFO on which supervisors say that there is news."""

    def __init__(self, notifications: Path, memory_by: str = "") -> None:
        self._notifications = notifications
        self._memory_by = memory_by

    def plan(self, task: Task, app: App) -> dict[str, Any]:
        return {"driver": "process", "workdir": task.workdir or app.workdir, "stop_timeout": app.stop_timeout}

    def check_app(self, app: App) -> Sequence[str]:
        named = {
            "image": app.image,
            "sidecars": ",".join(app.sidecars),
            "user": app.user,
            "mounts": ",".join(app.mounts),
            "networks": ",".join(app.networks),
        }
        return [
            f"{name}={value} is kept with the app, but not used: its tasks run as plain processes."
            for name, value in named.items()
            if value
        ]

    def refuse(self, task: Task, app: App) -> None:
        """A process can be given any command that the API takes."""

    def notes(self, task: Task, app: App | None) -> Sequence[str]:
        return [*_not_used(task, app), *beyond_machine(task.size)]

    def not_enforced(self, task: Task) -> Sequence[str]:
        return [] if self._keeps_cpu else [f"cpu={task.cpu:g} is not enforced on this machine."]

    @cached_property
    def _keeps_cpu(self) -> bool:
        return self._memory_by != "polling" and cpu_limit.can_be_kept()

    def task_to_run(self, task: Task, app: App, folder: RunFolder, secrets: Mapping[str, str]) -> TaskToRun:
        assert task.launch is not None
        workdir = task.launch.plan["workdir"]
        return TaskToRun(
            command=_main_command(task, folder),
            environment=_environment(task, app, secrets),
            server_pipe=self._notifications,
            workdir=Path(workdir) if workdir else None,
            max_seconds=in_seconds(task.max_hours),
            memory_bytes=int(task.memory * GIB),
            stop_timeout=task.launch.plan["stop_timeout"],
            memory_by=self._memory_by,
            cpu=task.cpu,
        )

    kill_leftovers = staticmethod(leftovers.kill_leftovers)

    def forget(self, task: Task) -> None:
        """All that there was of it is in its folders."""

    def clean_up(self, is_supervised: Callable[[str], bool]) -> None:
        """Nothing of a process stays anywhere but in its run's folder."""


def _not_used(task: Task, app: App | None) -> Iterator[str]:
    named = (("image", task.image), ("docker_tag", task.docker_tag), ("user", task.user), ("pull", task.pull))
    for name, value in named:
        if value:
            yield f"{name}={value} is kept with the task, but not used: it runs as a plain process."
    if app is not None and app.image and not task.image:
        yield f"It runs as a plain process, and not in the image of {app.name}, {app.image}."


def _main_command(task: Task, folder: RunFolder) -> str:
    """The command, unless sessions may be opened: then an agent that lets them in runs it, or they do."""
    if not task.interactive:
        return task.command
    command = None if task.attached else task.command
    return sessions.agent_command(AgentOptions(str(folder.path), str(sessions.socket_of(folder)), command))


def _environment(task: Task, app: App, secrets: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the server's own environment but what every program expects to find."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    if path := path_of_this_shell():
        inherited["PATH"] = path
    return {
        "PATH": os.defpath,
        "HOME": "/",
        **inherited,
        **app.environment,
        **task.environment,
        **secrets,
        TASK_ID: task.id,
        "TAPIT_APP": task.app,
    }
