"""Containers beside a task's own: begun before it, each once what it waits for is there, and stopped after it.

What the agent says when that never comes about is read in its source: agent/engine/dependencygraph/graph.go and
handleTerminalDependencyError of agent/engine/task_manager.go in github.com/aws/amazon-ecs-agent.
"""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from threading import Condition, Event, Thread
from typing import Any

from tests.aws.ecs_endpoint.containers import CannotStartContainer, Container, ContainerPlan
from tests.aws.ecs_endpoint.sinks import Described

START_TIMEOUT = 180.0
NEVER_STARTED = 143  # the exit code that the agent makes up

Definition = dict[str, Any]


class NeverUp(Exception):
    """What a container waits for cannot come about any more."""


class Sidecars:
    """`tell` hears of every change of a container by its name; nothing is waited for once the task is asked to stop."""

    def __init__(
        self,
        definitions: Sequence[Definition],
        prepare: Callable[[Definition], ContainerPlan],
        tell: Callable[..., None],
        stop_asked: Event,
    ) -> None:
        self._definitions = {one["name"]: one for one in definitions}
        self._prepare = prepare
        self._tell = tell
        self._stop_asked = stop_asked
        self._running: dict[str, Container] = {}
        self._exit_codes: dict[str, int] = {}
        self._news = Condition()

    def begin(self, main: Definition) -> None:
        """Return when the main container may begin; raise NeverUp when it never may."""
        for definition in _in_order(self._definitions):
            try:
                self._wait_for(definition)
                self._start(definition)
            except (NeverUp, CannotStartContainer) as failure:
                reason = f"CannotStartContainerError: {failure}"
                self._ended(definition["name"], NEVER_STARTED, reason=reason)
        self._wait_for(main)

    def stop(self) -> None:
        """Return when none runs any more."""
        for container in self._running.values():
            container.stop()
        with self._news:
            self._news.wait_for(lambda: self._running.keys() <= self._exit_codes.keys())

    def kill(self) -> None:
        for container in self._running.values():
            container.kill()

    def _start(self, definition: Definition) -> None:
        name, container = definition["name"], Container(self._prepare(definition))
        with self._news:
            self._running[name] = container
        self._tell(name, lastStatus="RUNNING")
        Thread(target=lambda: self._ended(name, container.wait()), daemon=True).start()

    def _ended(self, name: str, exit_code: int, **more: Any) -> None:
        self._tell(name, lastStatus="STOPPED", exitCode=exit_code, **more)
        with self._news:
            self._exit_codes[name] = exit_code
            self._news.notify_all()

    def _wait_for(self, target: Definition) -> None:
        for dependency in target.get("dependsOn", ()):
            definition = self._definitions[dependency["containerName"]]
            ends_at = time.monotonic() + definition.get("startTimeout", START_TIMEOUT)
            while not self._stop_asked.is_set() and not self._is_there(
                definition, dependency["condition"], target
            ):
                if time.monotonic() > ends_at:
                    raise NeverUp(f"dependency graph: {self._said(definition, target)} has timed out.")
                with self._news:
                    self._news.wait(0.05)

    def _is_there(self, definition: Definition, condition: str, target: Definition) -> bool:
        name = definition["name"]
        said = self._said(definition, target)
        if name not in self._running:
            raise NeverUp(f"dependency graph: failed to resolve {said} because dependency will never start")
        exit_code = self._exit_codes.get(name)
        if condition == "SUCCESS" and exit_code:
            raise NeverUp(
                f"dependency graph: failed to resolve {said} as dependency did not exit successfully."
            )
        if condition in ("SUCCESS", "COMPLETE"):
            return exit_code is not None
        return condition == "START" or self._is_healthy(definition)

    def _is_healthy(self, definition: Definition) -> bool:
        kind, *words = definition["healthCheck"]["command"]
        container = self._running[definition["name"]]
        command = ["/bin/sh", "-c", *words] if kind == "CMD-SHELL" else words
        run = subprocess.run(command, env=container.environment, cwd=container.folder, capture_output=True)
        return run.returncode == 0

    def _said(self, definition: Definition, target: Definition) -> str:
        exit_code = self._exit_codes.get(definition["name"])
        state = "RUNNING" if exit_code is None else "STOPPED"
        ended = "" if exit_code is None else f" - Exit: {exit_code}"
        return (
            f"container ordering dependency [{definition['name']}({definition['image']}) ({state}->RUNNING){ended}] "
            f"for target [{target['name']}({target['image']}) (NONE->RUNNING)]"
        )


def _in_order(definitions: dict[str, Definition]) -> Iterator[Definition]:
    """What is waited for first; no two wait for each other, or they could not have been registered."""
    left = dict(definitions)
    while left:
        ready = [
            name
            for name, one in left.items()
            if not {each["containerName"] for each in one.get("dependsOn", ())} & left.keys()
        ]
        for name in ready:
            yield left.pop(name)


def described(name: str, containers: Sequence[Described], **changes: Any) -> list[Described]:
    """Return the containers of a task with changes of one of them."""
    return [one | changes if one["name"] == name else one for one in containers]
