"""The other end of a session, as a test scripts it: a WebSocket server that speaks the data channel."""

import base64
import json
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tapit.session import frames
from tapit.session.frames import Message
from tapit.session.reliable_delivery import ReliableDelivery
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

NONCE = "0123456789abcdef"
PATIENCE = 20.0


def mark(kind: str, value: int = 0, nonce: str = NONCE) -> bytes:
    return f"\x1b]777;tapit-{kind};{nonce};{value}\x1b\\".encode()


class FarEnd:
    """What a test says as the agent goes out at once; what it hears is kept for it."""

    def __init__(
        self,
        play: "Callable[[FarEnd], None]",
        *,
        refuses: int = 0,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self.introductions: list[dict[str, Any]] = []
        self.requests: list[Request] = []
        self.handshakes: list[dict[str, Any]] = []
        self.sizes: list[tuple[int, int]] = []
        self.typed = b""
        self.failure: BaseException | None = None
        self.is_deaf = False  # hears no data, and so acknowledges none
        self.not_heard = 0  # bytes
        self._refuses = refuses  # times
        self._scheme = "wss" if trust else "ws"
        self._play = play
        self._channel = ReliableDelivery(frames.OUTPUT, frames.INPUT)
        self._lock = threading.Condition()
        self._connection: ServerConnection | None = None
        self._inbox: queue.Queue[bytes] = queue.Queue()
        self._server: Server = serve(
            self._serve,
            "127.0.0.1",
            0,
            compression=None,
            ping_interval=None,
            process_request=self._judge,
            ssl=trust,
        )
        self._is_over = False
        for work in (self._server.serve_forever, self._resend):
            threading.Thread(target=work, daemon=True).start()

    @property
    def url(self) -> str:
        host, port = self._server.socket.getsockname()
        return f"{self._scheme}://{host}:{port}/v1/data-channel/s1?role=publish_subscribe&cell-number=AAE%2BxY%3D"

    def opened(self, **more: Any) -> dict[str, Any]:
        return {
            "session_id": "s1",
            "url": self.url,
            "token": "t0ken",
            "headers": {},
            "nonce": NONCE,
            "deadline": None,
            **more,
        }

    # What the agent says

    def says(self, payload: bytes, payload_type: int = frames.DATA) -> None:
        with self._lock:
            self._channel.send(payload_type, payload, time.monotonic())
            self._transmit()

    def says_much(self, payload: bytes) -> None:
        for at in range(0, len(payload), 1024):
            self.says(payload[at : at + 1024])

    def asks(self, **request: Any) -> None:
        self.says(json.dumps(request).encode(), frames.HANDSHAKE_REQUEST)

    def begins(self, encoded: int = 0) -> None:
        """Both marks, and the client's answer between them."""
        self.says(mark("start"))
        self.hears(b"\n")
        self.says(mark("begin", encoded))

    def says_encoded(self, output: bytes) -> None:
        """As the script of a session between pipes does."""
        for at in range(0, len(output), 65536):
            self.says_much(base64.encodebytes(output[at : at + 65536]))

    def exits(self, code: int) -> None:
        self.says(mark("exit", code))
        self.until(lambda: self.typed.endswith(b"\n" + NONCE.encode() + b"\n"), "the answer to the exit mark")
        self.closes()

    def closes(self, output: str = "") -> None:
        """Hang up; a client that waited long enough for it is gone by then."""
        said = {"MessageId": "", "SessionId": "s1", "Output": output}
        with self._lock:
            if self._connection is not None:
                with suppress(ConnectionClosed, OSError):
                    self._connection.send(Message(frames.CLOSED, json.dumps(said).encode()).encoded())

    def says_raw(self, message: Message) -> None:
        assert self._connection is not None
        self._connection.send(message.encoded())

    # What it hears

    def hears(self, typed: bytes) -> None:
        """Return once it was typed; all that came before it is forgotten."""
        self.until(lambda: typed in self.typed, repr(typed))
        self.typed = self.typed.partition(typed)[2]

    def until(self, enough: Callable[[], bool], what: str = "it") -> None:
        ends_at = time.monotonic() + PATIENCE
        with self._lock:
            while not enough():
                left = ends_at - time.monotonic()
                assert left > 0, f"{what} did not come; typed was {self.typed[-200:]!r}"
                self._lock.wait(left)

    def breaks(self) -> None:
        """Cut the connection without a goodbye."""
        with self._lock:
            cut, self._connection = self._connection, None
        if cut is not None:
            with suppress(OSError):
                cut.socket.shutdown(socket.SHUT_RDWR)

    def until_connected(self, times: int) -> None:
        self.until(lambda: len(self.introductions) >= times and self._connection is not None, "a connection")

    def until_settled(self) -> None:
        self.until(lambda: self._channel.is_settled, "every acknowledgement")

    @property
    def unacknowledged_bytes(self) -> int:
        return self._channel.unacknowledged_bytes

    def close(self) -> None:
        self._is_over = True
        self.breaks()
        self._server.shutdown()
        if self.failure is not None:
            raise self.failure

    def _judge(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        if len(self.requests) > self._refuses:
            return None
        return connection.respond(403, "no such channel\n")

    def _serve(self, connection: ServerConnection) -> None:
        introduction = json.loads(connection.recv(PATIENCE))
        with self._lock:
            self._connection = connection
            self.introductions.append(introduction)
            self._channel.reconnected(time.monotonic())
            self._transmit()
            self._lock.notify_all()
        if len(self.introductions) == 1:
            threading.Thread(target=self._perform, daemon=True).start()
        with suppress(ConnectionClosed, OSError):
            for frame in connection:
                assert isinstance(frame, bytes)
                self._hear(frame)

    def _perform(self) -> None:
        try:
            self._play(self)
        except BaseException as failure:  # noqa: BLE001 - raised in the test's own thread
            self.failure = failure

    def _hear(self, frame: bytes) -> None:
        heard = frames.decode(frame)
        if self.is_deaf and heard.kind == frames.INPUT:
            self.not_heard += len(heard.payload)
            return
        with self._lock:
            for message in self._channel.receive(heard, time.monotonic()):
                self._keep(message)
            self._transmit()
            self._lock.notify_all()

    def _keep(self, message: Message) -> None:
        if message.payload_type == frames.DATA:
            self.typed += message.payload
        elif message.payload_type == frames.SIZE:
            said = json.loads(message.payload)
            self.sizes.append((said["cols"], said["rows"]))
        elif message.payload_type == frames.HANDSHAKE_RESPONSE:
            self.handshakes.append(json.loads(message.payload))

    def _resend(self) -> None:
        while not self._is_over:
            time.sleep(0.1)
            with self._lock:
                if self._channel.due_at is not None:
                    self._channel.resend(time.monotonic())
                self._transmit()

    def _transmit(self) -> None:
        while self._channel.outbox:
            frame = self._channel.outbox.popleft()
            if self._connection is not None:
                with suppress(ConnectionClosed, OSError):
                    self._connection.send(frame)
