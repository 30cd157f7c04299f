"""The endpoint on 127.0.0.1: ECS's own protocol on POST /, and on POST /control/... what tests ask of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.aws.ecs_endpoint.control import control
from tests.aws.ecs_endpoint.endpoint import Endpoint
from tests.aws.ecs_endpoint.forwarding import forwarded, is_about_parameters
from tests.aws.ecs_endpoint.protocol import CONTENT_TYPE, read_request, write_answer, write_refusal
from tests.aws.ecs_endpoint.refusals import HungUp, Refusal


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, endpoint: Endpoint, port: int = 0, parameters: str | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.endpoint = endpoint
        self.parameters = parameters

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serving(endpoint: Endpoint, port: int = 0, parameters: str | None = None) -> Iterator[str]:
    """Serve until the block ends, then end every task. `parameters`: the URL of who has a Parameter Store."""
    with Server(endpoint, port, parameters) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()
            endpoint.end()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.parameters and is_about_parameters(self.headers.get("X-Amz-Target", "")):
            self._answer(*forwarded(self.server.parameters, dict(self.headers.items()), body))
            return
        try:
            self._answer(200, self._perform(body))
        except Refusal as refusal:
            self._answer(refusal.status, write_refusal(refusal))
        except HungUp:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
        """Say nothing: a test shows what it needs of `calls`."""

    def _perform(self, body: bytes) -> bytes:
        if self.path.startswith("/control/"):
            return control(self.server.endpoint, self.path, json.loads(body or b"{}"))
        operation, params = read_request(self.headers.get("X-Amz-Target", ""), body)
        return write_answer(operation, self.server.endpoint.answer(operation, params))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
