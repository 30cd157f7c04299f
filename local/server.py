"""Serves the Chalice app over HTTP on this machine, one thread a connection, with keep-alive."""

import json
import logging
import secrets
import socket
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from urllib.parse import unquote

from chalice.app import Chalice
from chalice.local import LambdaContext, LambdaEventConverter, LocalChalice, RouteMatcher

logger = logging.getLogger(__name__)
HOST = "127.0.0.1"
MAX_BODY = 1024 * 1024  # bytes we are ready to read; the app refuses far smaller ones with a better answer
LONGEST_LENGTH = 18  # digits
IDLE_TIMEOUT = 75.0  # seconds until a silent connection is closed
LONGEST_REQUEST = 60


class PortTaken(Exception):
    """Nobody can listen on the port; the message is for the user."""


class Gateway:
    """Turns a request into the event that API Gateway would send, and asks the app."""

    def __init__(self, app: Chalice) -> None:
        # Chalice keeps the current request on the app; its own class for local use keeps one for every thread.
        app.__class__ = LocalChalice
        self._app = app
        self._events = LambdaEventConverter(RouteMatcher(list(app.routes)), app.api.binary_types)

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
        try:
            event = self._events.create_lambda_event(method=method, path=path, headers=headers, body=body)
        except ValueError:
            return _plain(404, "RouteNotFound", f"There is no route {path.partition('?')[0]}.")
        allowed = self._app.routes[event["requestContext"]["resourcePath"]]
        if method not in allowed:
            known = ", ".join(sorted(allowed))
            return _plain(405, "MethodNotAllowed", f"This route knows {known}, not {method}.", Allow=known)
        parameters = event["pathParameters"]
        event["pathParameters"] = {name: unquote(value) for name, value in parameters.items()}
        context = LambdaContext(function_name="api", memory_size=1024, max_runtime_ms=LONGEST_REQUEST * 1000)
        answered: dict[str, Any] = self._app(event, context)
        return answered


class Server(ThreadingMixIn, TCPServer):
    """Listens on 127.0.0.1 only."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, app: Chalice, port: int) -> None:
        self.gateway = Gateway(app)
        try:
            super().__init__((HOST, port), RequestHandler)
        except OSError as error:
            raise PortTaken(f"Port {port} on {HOST} cannot be used: {error.strerror}.") from error

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - socketserver's shape
        """A client that hangs up is no news."""
        logger.debug("A connection broke", exc_info=True)


class RequestHandler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_TIMEOUT
    # Header and body leave in one piece: two small writes wait for each other (Nagle, delayed ACK) 40 ms a time.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        began = time.monotonic()
        body = self._body()
        if body is None:
            return
        answered = self.server.gateway.answer(self.command, self.path, dict(self.headers), body)
        self._send(answered["statusCode"], answered["headers"], answered["body"])
        spent = (time.monotonic() - began) * 1000
        logger.debug("%s %s %s %.1f ms", self.command, self.path, answered["statusCode"], spent)

    do_POST = do_PATCH = do_DELETE = do_PUT = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - http.server's names

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What http.server cannot even read is refused in our shape too."""
        self.close_connection = True
        self.request_version = (
            self.protocol_version
        )  # for what looks like HTTP/0.9 there would be no status line
        status = 405 if code == 501 else code
        kind = "MethodNotAllowed" if status == 405 else "InvalidRequest"
        refused = _plain(status, kind, f"{message or 'The request cannot be read'}.")
        self._send(refused["statusCode"], refused["headers"], refused["body"])

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        logger.debug(format, *args)

    def handle_expect_100(self) -> bool:
        """Our writing is buffered, and the client waits for this before it sends its body."""
        self.send_response_only(100)
        self.end_headers()
        self.wfile.flush()
        return True

    def _body(self) -> bytes | None:
        lengths = set(self.headers.get_all("Content-Length", ["0"]))
        length = lengths.pop()
        if lengths or "Transfer-Encoding" in self.headers or not length.isdecimal():
            self.send_error(411, "Send the body with one Content-Length")
            return None
        if len(length) > LONGEST_LENGTH or int(length) > MAX_BODY:
            self.send_error(413, f"The request body has {length[:20]} bytes; {MAX_BODY} is the most we read")
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.send_error(400, f"The request body ended after {len(body)} of {length} bytes")
            return None
        return body

    def _send(self, status: int, headers: Mapping[str, str], body: str | bytes) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.send_response_only(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Request-Id", secrets.token_hex(8))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()


def free_port(wanted: int) -> int:
    """Return the wanted port when nobody listens there, else one that is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _plain(status: int, code: str, message: str, **headers: str) -> dict[str, Any]:
    body = json.dumps({"Code": code, "Message": message})
    return {"statusCode": status, "headers": headers, "body": body}
