"""A home that answers what the test tells it to: for what a real one cannot be made to do."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TASK_ID = "1jd3m8k7x2qf"


@dataclass(frozen=True)
class Asked:
    """One request, as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Says:
    """One answer: an object, or whatever bytes the test wants sent."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class HangsUp(Exception):
    """Close the connection without an answer."""


Answers = Callable[[Asked], Says]


class ScriptedHome:
    """Serves on a free port until closed; `answers` decides, `asked` remembers."""

    def __init__(self, answers: Answers) -> None:
        self.asked: list[Asked] = []
        self._answers = answers
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def requests(self, method: str) -> list[Asked]:
        return [one for one in self.asked if one.method == method]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        home = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                try:
                    self._answer()
                except (HangsUp, ConnectionError):
                    self.close_connection = True

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                content = self.rfile.read(length)
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                body = json.loads(content) if content else None
                asked = Asked(self.command, parts.path, query, dict(self.headers), body)
                home.asked.append(asked)
                self._send(home._answers(asked))

            def _send(self, says: Says) -> None:
                content = says.content()
                self.send_response(says.status)
                for name, value in {"X-Request-Id": "req-1", **says.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
                pass

        return Handler


def a_task(**changes: Any) -> dict[str, Any]:
    task = {
        "id": TASK_ID,
        "app": "demo",
        "command": "echo hi",
        "image": None,
        "docker_tag": None,
        "cpu": 0.25,
        "memory": 0.5,
        "ephemeral_storage_gb": 20,
        "max_hours": 24.0,
        "initiated_by": None,
        "created_by": "alice",
        "status": "RUNNING",
        "created_at": "2026-11-24T01:50:00.000Z",
        "started_at": "2026-11-24T01:50:01.000Z",
        "stopped_at": None,
        "deadline": "2026-11-25T01:50:01.000Z",
        "expires_at": None,
        "exit_code": None,
        "stop_cause": None,
        "ended_by": None,
        "reason": None,
        "waiting_for": None,
        "diagnosis": None,
        "history": [{"status": "PENDING", "time": "2026-11-24T01:50:00.000Z", "why": None}],
        "cost": {"estimate": 0.0004, "at_most": 0.29, "basis": "Fargate list price, us-east-1, Linux/x86"},
        "notes": [],
        "lost_output_bytes": 0,
        "revision": 3,
        "poll_after": 0,
    }
    return task | changes


def a_finished_task(exit_code: int | None = 0, **changes: Any) -> dict[str, Any]:
    ending = {
        "status": "SUCCEEDED" if exit_code == 0 else "FAILED",
        "exit_code": exit_code,
        "stopped_at": "2026-11-24T01:50:04.000Z",
        "ended_by": "exit",
        "revision": 5,
    }
    return a_task(**(ending | changes))


def some_lines(
    *messages: str, status: str = "RUNNING", complete: bool = False, **changes: Any
) -> dict[str, Any]:
    page = {
        "items": [{"time": "2026-11-24T01:50:02.000Z", "message": message} for message in messages],
        "next": "c1",
        "complete": complete,
        "status": status,
        "revision": 4,
        "lost_output_bytes": 0,
        "poll_after": 0,
    }
    return page | changes


def a_refusal(status: int, code: str, message: str, **more: Any) -> Says:
    return Says({"Code": code, "Message": message, **more}, status)
