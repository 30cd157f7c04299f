"""A home that answers what the test tells it to: for what a real one cannot be made to do."""

import itertools
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TASK_ID = "1jd3m8k7x2qf"
CURSORS = itertools.count(1)  # each page ends further on
EVIL = "echo \x1b[2J\x1b]0;title\x07 \u202e\x9b31m"


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
        "tags": {},
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


def a_command(name: str = "migrate", **changes: Any) -> dict[str, Any]:
    command: dict[str, Any] = {
        "app": "demo",
        "name": name,
        "description": None,
        "command": "python manage.py migrate",
        "image": None,
        "docker_tag": None,
        "pull": None,
        "user": None,
        "cpu": None,
        "memory": 4.0,
        "ephemeral_storage_gb": None,
        "max_hours": None,
        "environment": ["LEVEL"],
        "workdir": None,
        "initiated_by": None,
        "tags": {},
        "interactive": False,
        "retries": None,
        "retry_on": None,
        "retry_wait": None,
        "lock": None,
        "if_locked": "wait",
        "created_at": "2026-11-24T01:50:00.000Z",
        "created_by": "alice",
        "revision": 1,
    }
    return command | changes


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
        "next": f"c{next(CURSORS)}",
        "complete": complete,
        "status": status,
        "revision": 4,
        "lost_output_bytes": 0,
        "poll_after": 0,
    }
    return page | changes


def a_refusal(status: int, code: str, message: str, **more: Any) -> Says:
    return Says({"Code": code, "Message": message, **more}, status)


def a_list(*tasks: dict[str, Any], more: str | None = None) -> Answers:
    return lambda _asked: Says({"items": list(tasks), "next": more})


def a_task_event(
    status: str, *, previous: str | None = "STARTING", event_id: str = "", **task: Any
) -> dict[str, Any]:
    """What is told of a task whose status has changed; `task` is what else is said of it."""
    changed = a_task(status=status, **task)
    return {
        "version": 1,
        "type": "Task State Change",
        "id": event_id or f"{changed['id']}-{changed['revision']}",
        "time": "2026-11-24T01:50:04.000Z",
        "app": "demo",
        "task_id": changed["id"],
        "previous_status": previous,
        "status": status,
        "revision": changed["revision"],
        "task": changed,
    }


def a_paused_schedule(name: str, why: str) -> dict[str, Any]:
    told = a_paused_subscription(name, why)
    del told["subscription_id"], told["subscription"]
    return told | {"type": "Schedule State Change", "schedule_id": "2jd3m8k7x2qg", "schedule": name}


def a_paused_subscription(name: str, why: str) -> dict[str, Any]:
    return {
        "version": 1,
        "type": "Subscription State Change",
        "id": "2jd3m8k7x2qf-4",
        "time": "2026-11-24T01:50:05.000Z",
        "app": "demo",
        "subscription_id": "2jd3m8k7x2qf",
        "subscription": name,
        "paused": True,
        "why": why,
        "revision": 4,
    }
