"""Sessions of ECS Exec, and what Systems Manager answers about them: each is a process beside its container's."""

import json
import secrets
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.aws.ecs_endpoint.containers import Container
from tests.aws.ecs_endpoint.message_gateway import AGENTS_HEADERS, TIMED_OUT, MessageGateway
from tests.aws.ecs_endpoint.refusals import Refusal

ROOT = Path(__file__).parents[3]
TERMINAL = {"TERM": "xterm-256color"}
SILENT_FOR = 1.0  # seconds in which AWS's agent shows nothing


class Sessions:
    def __init__(self, kept_without_client: float) -> None:
        self._gateway = MessageGateway(kept_without_client)
        self._workers: dict[str, subprocess.Popen[str]] = {}

    def open(self, container: Container, command: str) -> dict[str, str]:
        """Run the command, split into words as a shell would but without one, as ECS Exec does."""
        session_id = f"ecs-execute-command-{secrets.token_hex(9)[:17]}"
        agents_token = self._gateway.open(session_id)
        plan = {
            "argv": shlex.split(command),
            "environment": {"LANG": "C.UTF-8"} | container.environment | TERMINAL,
            "folder": container.folder,
            "url": self._gateway.url(session_id),
            "headers": AGENTS_HEADERS,
            "token": agents_token,
            "silent_for": SILENT_FOR,
        }
        worker = self._workers[session_id] = _begin(plan)
        container.beside(worker)
        return {
            "sessionId": session_id,
            "streamUrl": self._gateway.url(session_id),
            "tokenValue": self._gateway.admit(session_id),
        }

    def resume(self, session_id: str) -> dict[str, str]:
        """No token comes for a session that is over."""
        self._find(session_id)
        token = self._gateway.admit(session_id)
        return {"SessionId": session_id, "TokenValue": token, "StreamUrl": self._gateway.url(session_id)}

    def terminate(self, session_id: str) -> dict[str, str]:
        self._find(session_id)
        self._gateway.close(session_id)
        return {"SessionId": session_id}

    def time_out(self, session_id: str) -> None:
        """What happens to a session after 20 minutes without traffic."""
        self._find(session_id)
        self._gateway.close(session_id, TIMED_OUT)

    def kill_agent(self, session_id: str) -> None:
        self._find(session_id).kill()

    def end(self) -> None:
        for worker in self._workers.values():
            worker.kill()
            worker.communicate()
        self._gateway.end()

    def _find(self, session_id: str) -> "subprocess.Popen[str]":
        found = self._workers.get(session_id)
        if found is None:
            raise Refusal("DoesNotExistException", f"Session {session_id} does not exist")
        return found


def _begin(plan: dict[str, Any]) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.aws.ecs_endpoint.session_worker"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(plan) + "\n")
    process.stdin.flush()
    return process
