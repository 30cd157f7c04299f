"""A receiver of webhooks: a small real server that verifies what it gets, and then behaves as it is told to."""

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme
from standardwebhooks import Webhook, WebhookVerificationError

GENEROUS = 60.0  # seconds


@dataclass(frozen=True)
class Got:
    """One request that came: verified, and put in order by when it was there."""

    id: str
    event: Any
    headers: Mapping[str, str]
    body: str
    path: str
    at: float  # as time.time() has it
    times: int  # that this event has come by now


class Connection(BaseHTTPRequestHandler):
    """What a behaviour answers with."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        got = self.server.receiver.note(self.path, dict(self.headers.items()), body)
        with suppress(OSError):  # whoever gave up does not wait for the end
            self.server.receiver.behaviour(got)(self)

    def log_message(self, *_: object) -> None:
        """Tests tell what came themselves."""

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of the receiver."""
        self.server.receiver.closing.wait(seconds)

    def say(self, text: bytes) -> None:
        self.wfile.write(text)
        self.wfile.flush()


Behaviour = Callable[[Connection], None]
Decide = Callable[[Got], Behaviour]


def answering(status: int, text: str = "", **headers: str) -> Behaviour:
    """Keywords are headers: retry_after="3"."""

    def behave(connection: Connection) -> None:
        connection.send_response(status)
        for name, value in headers.items():
            connection.send_header(name.replace("_", "-"), value)
        connection.send_header("Content-Length", str(len(text.encode())))
        connection.end_headers()
        connection.say(text.encode())

    return behave


def answering_after(seconds: float, status: int = 200) -> Behaviour:
    def behave(connection: Connection) -> None:
        connection.pause(seconds)
        answering(status)(connection)

    return behave


def hanging(connection: Connection) -> None:
    connection.pause(GENEROUS)


def dripping_headers(connection: Connection) -> None:
    connection.say(b"HTTP/1.1 200 OK\r\n")
    while not connection.server.receiver.closing.is_set():
        connection.say(b"X-Drip: 1\r\n"[:1])
        connection.pause(0.05)


def dripping_body(connection: Connection) -> None:
    connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while not connection.server.receiver.closing.is_set():
        connection.say(b".")
        connection.pause(0.05)


def huge(connection: Connection) -> None:
    """Answer without an end."""
    connection.say(b"HTTP/1.1 200 OK\r\n\r\n")
    _go_on_for_ever(connection)


def huge_chunk(connection: Connection) -> None:
    """Say that what follows is -1 bytes long, which Python's own client takes for "all there is"."""
    connection.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n")
    _go_on_for_ever(connection)


def _go_on_for_ever(connection: Connection) -> None:
    while not connection.server.receiver.closing.is_set():
        connection.say(b"x" * 65536)
        connection.server.receiver.sent += 65536


def resetting(connection: Connection) -> None:
    connection.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close_connection = True
    connection.connection.close()


def closing(connection: Connection) -> None:
    connection.close_connection = True


def saying(content: bytes) -> Behaviour:
    """Say these very bytes, and hang up."""

    def behave(connection: Connection) -> None:
        connection.close_connection = True
        connection.say(content)

    return behave


babbling = saying(b"220 mail.example.com ESMTP\r\n")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], receiver: "Receiver") -> None:
        self.receiver = receiver
        super().__init__(address, Connection)

    def handle_error(self, *_: object) -> None:
        """A sender that hangs up in the middle is no failure of the receiver."""


@dataclass
class Receiver:
    """Serves on 127.0.0.1. `secret` verifies; while it is None, everything is taken."""

    decide: Decide = lambda _: answering(204)
    secret: str | None = None
    url: str = ""
    sent: int = 0  # bytes of huge answers
    closing: threading.Event = field(default_factory=threading.Event)
    _got: list[Got] = field(default_factory=list)
    _refused: list[str] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def note(self, path: str, headers: Mapping[str, str], body: str) -> Got | None:
        """Keep what came when its signature is right, as a receiver should."""
        if self.secret is not None:
            try:
                Webhook(self.secret).verify(body, dict(headers), json_parse=False)
            except WebhookVerificationError as error:
                with self._changed:
                    self._refused.append(f"{error}: {headers}")
                    self._changed.notify_all()
                return None
        known = {name.lower(): value for name, value in headers.items()}
        with self._changed:
            times = sum(each.id == known["webhook-id"] for each in self._got) + 1
            got = Got(known["webhook-id"], json.loads(body), known, body, path, time.time(), times)
            self._got.append(got)
            self._changed.notify_all()
        return got

    def behaviour(self, got: Got | None) -> Behaviour:
        return answering(401) if got is None else self.decide(got)

    @property
    def got(self) -> list[Got]:
        with self._changed:
            return list(self._got)

    @property
    def refused(self) -> list[str]:
        with self._changed:
            return list(self._refused)

    def wait_until(self, enough: Callable[[list[Got]], object], seconds: float = GENEROUS) -> list[Got]:
        """Return what has come once it is enough."""
        with self._changed:
            there = self._changed.wait_for(lambda: enough(self._got), seconds)
            assert there, f"Only this came: {[(each.id, each.times) for each in self._got]}, {self._refused}"
            return list(self._got)


@contextmanager
def receiving(
    decide: Decide | None = None, certificate: trustme.LeafCert | None = None
) -> Iterator[Receiver]:
    """Serve until the block ends, over TLS when there is a certificate."""
    receiver = Receiver() if decide is None else Receiver(decide)
    server = _Server(("127.0.0.1", 0), receiver)
    scheme, host = "http", "127.0.0.1"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        # A client that never finishes its handshake keeps only its own thread busy.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        scheme, host = "https", "localhost"
    receiver.url = f"{scheme}://{host}:{server.server_port}/hook"
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    try:
        yield receiver
    finally:
        receiver.closing.set()
        server.shutdown()
        serving.join()
        server.server_close()
