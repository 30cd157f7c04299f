"""Sessions of ECS Exec, and what Systems Manager answers about them: each is a process beside its container's."""

import json
import secrets
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from tests.aws.ecs_endpoint.containers import Container
from tests.aws.ecs_endpoint.refusals import Refusal

ROOT = Path(__file__).parents[3]
TERMINAL = {"TERM": "xterm-256color"}
QUERY = "role=publish_subscribe&cell-number=AAEAAb3/x=="  # not encoded, as AWS gives it


@dataclass
class Session:
    process: subprocess.Popen[str]
    url: str

    @property
    def is_over(self) -> bool:
        return self.process.poll() is not None

    def end(self) -> None:
        self.process.terminate()

    def admit(self, token: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{token}\n")
        self.process.stdin.flush()


class Sessions:
    """A session without a client is kept for so many seconds; AWS waits for 20 minutes."""

    def __init__(self, kept_without_client: float) -> None:
        self._kept_without_client = kept_without_client
        self._by_id: dict[str, Session] = {}
        self._lock = Lock()

    def open(self, container: Container, command: str) -> dict[str, str]:
        """Run the command, split into words as a shell would but without one, as ECS Exec does."""
        session_id, token = f"ecs-execute-command-{secrets.token_hex(9)[:17]}", secrets.token_urlsafe(32)
        plan = {
            "argv": shlex.split(command),
            "environment": {"LANG": "C.UTF-8"} | container.environment | TERMINAL,
            "folder": container.folder,
            "token": token,
            "kept_without_client": self._kept_without_client,
        }
        session = _begin(session_id, plan)
        container.beside(session.process)
        with self._lock:
            self._by_id[session_id] = session
        return {"sessionId": session_id, "streamUrl": session.url, "tokenValue": token}

    def resume(self, session_id: str) -> dict[str, str]:
        """No token comes for a session that is over."""
        session = self._find(session_id)
        token = "" if session.is_over else secrets.token_urlsafe(32)
        if token:
            session.admit(token)
        return {"SessionId": session_id, "TokenValue": token, "StreamUrl": session.url}

    def terminate(self, session_id: str) -> dict[str, str]:
        self._find(session_id).end()
        return {"SessionId": session_id}

    def end(self) -> None:
        for session in self._by_id.values():
            session.process.kill()
            session.process.communicate()

    def _find(self, session_id: str) -> Session:
        with self._lock:
            found = self._by_id.get(session_id)
        if found is None:
            raise Refusal("DoesNotExistException", f"Session {session_id} does not exist")
        return found


def _begin(session_id: str, plan: dict[str, Any]) -> Session:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.aws.ecs_endpoint.session_worker"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(plan) + "\n")
    process.stdin.flush()
    port = int(process.stdout.readline())
    return Session(process, f"ws://127.0.0.1:{port}/v1/data-channel/{session_id}?{QUERY}")
