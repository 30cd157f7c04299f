"""Run one function of an unpacked zip as Lambda does: its interface client asks an API of our own for an event."""

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

PYTHON = (
    Path(__file__).parent.parent / ".venv/lambda/bin/python"
)  # has awslambdaric and boto3, as the runtime has
FUNCTION_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:tapit-dev"
LAMBDAS_OWN = {
    "AWS_LAMBDA_FUNCTION_NAME": "tapit-dev",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "PYTHONDONTWRITEBYTECODE": "1",  # /var/task is read-only
}


@dataclass(frozen=True)
class Outcome:
    """What the function answered or how it failed, what it wrote, and the seconds to its initialisation and answer."""

    kind: str  # response, error, or init/error
    said: Any
    written: str
    initialised: float
    invoked: float


class _RuntimeApi(ThreadingHTTPServer):
    """Gives one event away, and collects what comes back; whoever asks for a second one waits."""

    daemon_threads = True

    def __init__(self, event: Any) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events: Queue[bytes] = Queue()
        self.events.put(json.dumps(event).encode())
        self.answers: Queue[tuple[str, bytes, float]] = Queue()
        self.asked_at = 0.0

    def handle_error(self, *_: Any) -> None:
        """A process that was ended leaves its connection open."""


class _Handler(BaseHTTPRequestHandler):
    server: _RuntimeApi
    protocol_version = "HTTP/1.1"  # the client keeps its connection

    def do_GET(self) -> None:
        self.server.asked_at = self.server.asked_at or time.perf_counter()
        event = self.server.events.get()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "request-1")
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", FUNCTION_ARN)
        self.send_header("Lambda-Runtime-Trace-Id", "Root=1-0-0;Sampled=0")
        self.send_header("Content-Type", "application/json")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 30_000))
        self.send_header("Content-Length", str(len(event)))
        self.end_headers()
        self.wfile.write(event)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = "init/error" if self.path.endswith("/init/error") else self.path.rsplit("/", 1)[-1]
        self.server.answers.put((kind, body, time.perf_counter()))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def invoke(
    code: Path, handler: str, event: Any, environment: Mapping[str, str], seconds: float = 60
) -> Outcome:
    """Start a fresh process, hand it one event, and end it."""
    with _RuntimeApi(event) as api:
        Thread(target=api.serve_forever, daemon=True).start()
        began = time.perf_counter()
        process = _start(code, handler, api.server_address[1], environment)
        try:
            kind, body, answered_at = api.answers.get(timeout=seconds)
        except Empty:
            kind, body, answered_at = "timeout", b"null", time.perf_counter()
        finally:
            process.kill()
            written, _ = process.communicate()
            api.shutdown()
        asked_at = api.asked_at or answered_at
        return Outcome(kind, json.loads(body), written, asked_at - began, answered_at - asked_at)


def _start(code: Path, handler: str, port: int, environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    own = LAMBDAS_OWN | {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "LAMBDA_TASK_ROOT": str(code),
        "_HANDLER": handler,
    }
    return subprocess.Popen(
        [PYTHON, "-m", "awslambdaric", handler],
        cwd=code,
        env=own | dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
