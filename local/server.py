"""Serves the Chalice app over HTTP on this machine, one thread a connection, with keep-alive."""

import io
import json
import logging
import re
import resource
import secrets
import socket
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from urllib.parse import unquote

from chalice.app import Chalice
from chalice.local import LambdaContext, LambdaEventConverter, LocalChalice, RouteMatcher

logger = logging.getLogger(__name__)
HOST = "127.0.0.1"
MAX_BODY = 1024 * 1024  # bytes we are ready to read; the app refuses far smaller ones with a better answer
OUR_NAMES = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE | re.ASCII)
LONGEST_LENGTH = 18  # digits
IDLE_TIMEOUT = 75.0  # seconds until a silent connection is closed
LONGEST_ARRIVAL = 30.0  # seconds from a request's first byte to its last
LONGEST_REQUEST = 60
MOST_CONNECTIONS = 1500
FILES_A_CONNECTION = 2  # its socket, and the output that it reads
OTHER_FILES = 100
MOST_FILES = 65_536  # tasks inherit the limit, and some programs close every number below it at their start
PAUSE = 0.05  # seconds after a connection could not be accepted: it is still waiting, and asks for it at once


class PortTaken(Exception):
    """Nobody can listen on the port; the message is for the user."""


class Gateway:
    """Turns a request into the event that API Gateway would send, and asks the app."""

    def __init__(self, app: Chalice) -> None:
        # Chalice keeps the current request on the app; its own class for local use keeps one for every thread.
        app.__class__ = LocalChalice
        self._app = app
        self._events = LambdaEventConverter(RouteMatcher(list(app.routes)), app.api.binary_types)

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes, request_id: str = ""
    ) -> dict[str, Any]:
        asked = "GET" if method == "HEAD" else method
        try:
            event = self._events.create_lambda_event(method=asked, path=path, headers=headers, body=body)
        except ValueError:
            return _plain(404, "RouteNotFound", f"There is no route {path.partition('?')[0]}.")
        allowed = self._app.routes[event["requestContext"]["resourcePath"]]
        if asked not in allowed:
            known = ", ".join(sorted({*allowed, "HEAD"} if "GET" in allowed else allowed))
            return _plain(405, "MethodNotAllowed", f"This route knows {known}, not {method}.", Allow=known)
        event["requestContext"]["requestId"] = request_id or new_request_id()
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

    def __init__(self, app: Chalice, port: int, most_connections: int = MOST_CONNECTIONS) -> None:
        self.gateway = Gateway(app)
        self._room = threading.BoundedSemaphore(min(most_connections, connections_for(_raise_file_limit())))
        try:
            super().__init__((HOST, port), RequestHandler)
        except OSError as error:
            raise PortTaken(f"Port {port} on {HOST} cannot be used: {error.strerror}.") from error

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}"

    def get_request(self) -> tuple[socket.socket, Any]:
        try:
            return super().get_request()
        except OSError as error:
            logger.debug("A connection could not be accepted: %s", error)
            time.sleep(PAUSE)
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._room.acquire(blocking=False):
            self._turn_away(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no more threads
            self._room.release()
            self._turn_away(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def _turn_away(self, request: socket.socket) -> None:
        """Answer without reading; what arrived already is taken, or closing would discard the answer."""
        request.setblocking(False)
        with suppress(OSError):
            request.sendall(_TURNED_AWAY)
            request.recv(MAX_BODY)
        self.shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - socketserver's shape
        """A client that hangs up, or says nothing more, is no news."""
        if isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            logger.debug("A connection broke", exc_info=True)
        else:
            logger.exception("A request failed")


class Incoming(io.RawIOBase):
    """What a client sends: it may be silent between requests, but once it began one, all of it has to come soon."""

    def __init__(self, connection: socket.socket, longest: float = LONGEST_ARRIVAL) -> None:
        self._connection = connection
        self._longest = longest
        self._deadline: float | None = None

    def expect_request(self) -> None:
        self._deadline = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(self._patience())
        count = self._connection.recv_into(buffer)
        if self._deadline is None:
            self._deadline = time.monotonic() + self._longest
        return count

    def _patience(self) -> float:
        if self._deadline is None:
            return IDLE_TIMEOUT
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("The request did not arrive in time")
        return left


class RequestHandler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_TIMEOUT
    # Header and body leave in one piece: two small writes wait for each other (Nagle, delayed ACK) 40 ms a time.
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self._incoming = Incoming(self.connection)
        self.rfile = io.BufferedReader(self._incoming)

    def handle_one_request(self) -> None:
        self._incoming.expect_request()
        self._has_answered = False
        self._request_id = new_request_id()
        super().handle_one_request()

    def do_GET(self) -> None:
        try:
            self._serve()
        except (ConnectionError, TimeoutError):
            raise
        except BaseException as error:
            error.add_note(f"Request {self._request}")
            self._own_up()
            raise

    do_POST = do_PATCH = do_DELETE = do_PUT = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - http.server's names

    def _serve(self) -> None:
        began = time.monotonic()
        if not self._is_for_us():
            return
        body = self._body()
        if body is None:
            return
        answered = self.server.gateway.answer(
            self.command, self.path, dict(self.headers), body, self._request_id
        )
        if answered["statusCode"] == HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.error("%s failed", self._request)
        self._send(answered["statusCode"], answered["headers"], answered["body"])
        spent = (time.monotonic() - began) * 1000
        logger.debug("%s %s %.1f ms", self._request, answered["statusCode"], spent)

    @property
    def _request(self) -> str:
        """What the log says of it; the client was told the id as well."""
        return f"{self._request_id} {self.command} {self.path}"

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What http.server cannot even read is refused in our shape too."""
        self.close_connection = True
        self.request_version = (
            self.protocol_version
        )  # for what looks like HTTP/0.9 there would be no status line
        status = 405 if code == 501 else code
        kind = {403: "ForeignHost", 405: "MethodNotAllowed"}.get(status, "InvalidRequest")
        refused = _plain(status, kind, f"{message or 'The request cannot be read'}.")
        self._send(refused["statusCode"], refused["headers"], refused["body"])

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        logger.debug(f"%s {format}", self._request_id, *args)

    def handle_expect_100(self) -> bool:
        """Our writing is buffered, and the client waits for this before it sends its body."""
        self.send_response_only(100)
        self.end_headers()
        self.wfile.flush()
        return True

    def _is_for_us(self) -> bool:
        """A page of a stranger's may give its own name our address, and would then be let read our answers."""
        hosts = self.headers.get_all("Host", [])
        if len(hosts) > 1 or (not hosts and self.request_version == self.protocol_version):
            self.send_error(400, "Send one Host header")
        elif hosts and not OUR_NAMES.fullmatch(hosts[0].strip()):
            self.send_error(
                403, f"Nothing is served under the name {hosts[0][:100]!r}; ask {self.server.url}"
            )
        else:
            return True
        return False

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

    def _own_up(self) -> None:
        """Say that it is our fault, unless something was said already."""
        if self._has_answered:
            return
        self._headers_buffer: list[bytes] = []
        self.close_connection = True
        failed = _plain(500, "InternalServerError", "An internal server error occurred.")
        self._send(failed["statusCode"], failed["headers"], failed["body"])

    def _send(self, status: int, headers: Mapping[str, str], body: str | bytes) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.connection.settimeout(IDLE_TIMEOUT)
        self.send_response_only(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Request-Id", self._request_id)
        self._has_answered = True
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()


def new_request_id() -> str:
    return secrets.token_hex(8)


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


def connections_for(files: int) -> int:
    """Return how many clients may be connected when that many files may be open."""
    return max(1, min(MOST_CONNECTIONS, (files - OTHER_FILES) // FILES_A_CONNECTION))


def _raise_file_limit() -> int:
    """Return how many files may be open; as many as anybody lets us."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, hard = (MOST_FILES if limit == resource.RLIM_INFINITY else limit for limit in limits)
    most = min(hard, MOST_FILES)
    if soft >= most:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, limits[1]))
    except (OSError, ValueError):  # macOS has another limit, below what it says
        return soft
    return most


def _plain(status: int, code: str, message: str, **headers: str) -> dict[str, Any]:
    body = json.dumps({"Code": code, "Message": message})
    return {"statusCode": status, "headers": headers, "body": body}


_BUSY = json.dumps(
    {"Code": "Unavailable", "Message": "Too many connections are open.", "Hint": "Try again soon."}
)
_TURNED_AWAY = "\r\n".join(
    [
        "HTTP/1.1 503 Service Unavailable",
        "Content-Type: application/json",
        f"Content-Length: {len(_BUSY)}",
        "Retry-After: 1",
        "Connection: close",
        "",
        _BUSY,
    ]
).encode()
