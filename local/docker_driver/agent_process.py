"""The agent of a task's sessions, as its supervisor sees it: a process beside the container."""

import json
import os
import subprocess
import sys
from pathlib import Path

from local.docker_driver.container_request import container_name
from local.supervisor.signals import SIGTERM
from local.supervisor.spec import TASK_ID, Spec

SCRIPT = Path(__file__).with_name("agent_script.py")
_LEAVES_WITHIN = 3.0  # seconds


class AgentProcess:
    """It goes when this process does. Raise OSError when there can be none."""

    def __init__(self, spec: Spec) -> None:
        details = spec.details
        self._is_attached = details["attached"]
        told = {
            "folder": spec.folder,
            "socket": details["agent_socket"],
            "engine": details["engine"],
            "api_version": details["api_version"],
            "container": container_name(spec),
            "attached": details["attached"],
        }
        with open(f"{spec.folder}/agent.err", "ab") as complaints:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-X", "utf8", str(SCRIPT), json.dumps(told)],
                stdin=subprocess.PIPE,
                stdout=complaints,
                stderr=complaints,
                cwd="/",
                env={**os.environ, TASK_ID: spec.task_id},  # by which it is found if nobody ends it
                start_new_session=True,
            )

    def exit_code(self) -> int | None:
        """Return None while it is there, and a negative number for the signal that ended it."""
        return self._process.poll()

    def terminate(self) -> None:
        self._process.send_signal(SIGTERM)

    def end(self) -> None:
        """Let it tell its clients that the task has ended."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        if self._is_attached:  # it has no command whose end it would see
            self.terminate()
        try:
            self._process.wait(_LEAVES_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
