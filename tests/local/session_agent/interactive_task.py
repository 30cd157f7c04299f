"""Runs interactive tasks under real supervisors, and lets test clients into them."""

from collections.abc import Sequence
from typing import Any

from chalicelib.domain.errors import NotReady
from chalicelib.ports import DataChannel
from local.runs import sessions
from local.runs.run_start import TaskToRun, start_run
from local.session_agent.agent_options import AgentOptions
from tests.local.session_agent.session_client import SessionClient
from tests.local.supervisor.supervised_task import Machine, SupervisedTask, until

RAW = "stty raw -echo; echo ready; "


class InteractiveTask(SupervisedTask):
    def opens(self, *argv: str) -> DataChannel:
        self.running()
        channel = until(lambda: self._opened(argv))
        assert channel is not None
        return channel

    def _opened(self, argv: Sequence[str]) -> DataChannel | None:
        """An agent that is slow to start is to be asked for again."""
        try:
            return sessions.open_session(self.folder, argv)
        except NotReady:
            return None

    def lets_in(self, command: str) -> SessionClient:
        """Run a shell command on a terminal, for a client that has just connected."""
        return SessionClient(self.opens("/bin/sh", "-c", command))

    def complaints(self) -> str:
        return (self.folder.path / "agent.err").read_text()


class InteractiveMachine:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def attached(self, **details: Any) -> InteractiveTask:
        """A task whose command runs in its sessions."""
        return self.start(None, **details)

    def start(self, command: str | None, **details: Any) -> InteractiveTask:
        options = {
            name: details.pop(name) for name in ("first", "idle", "resume", "handshake") if name in details
        }
        made = self._machine.task()
        task = InteractiveTask(made.folder)
        settings = AgentOptions(
            str(task.folder.path), str(sessions.socket_of(task.folder)), command, **options
        )
        assert start_run(
            task.folder, self._to_run(sessions.agent_command(settings), **details), self._machine.starter
        )
        return task

    def start_plain(self, command: str) -> SupervisedTask:
        """A task that is not interactive, to compare with."""
        return self._machine.start(command)

    def _to_run(self, command: str, **details: Any) -> TaskToRun:
        return self._machine.to_run(command, **details)
