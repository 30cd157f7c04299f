"""A WebSocket over a socket of our own, so that one loop can wait for it and for the keyboard alike."""

import os
import re
import socket
import ssl
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_TIMEOUT = 10.0  # seconds
LARGEST_MESSAGE = 1024 * 1024  # bytes
_CHUNK = 65536


class Disconnected(Exception):
    """The connection is gone, or never came about; the message says why."""


class Connection:
    """`receive` never waits; `send` does, for as long as the other side takes to read."""

    def __init__(self, url: str, headers: "Mapping[str, str]") -> None:
        _refuse_open_road(url)
        self._socket = _connected(url)
        self._protocol = ClientProtocol(parse_uri(url), max_size=LARGEST_MESSAGE)
        try:
            self._shake_hands(headers)
        except BaseException:
            self._socket.close()
            raise
        self._socket.settimeout(CONNECT_TIMEOUT)

    def fileno(self) -> int:
        return self._socket.fileno()

    def send_text(self, text: str) -> None:
        self._protocol.send_text(text.encode())
        self._flush()

    def send(self, frame: bytes) -> None:
        self._protocol.send_binary(frame)
        self._flush()

    def ping(self) -> None:
        self._protocol.send_ping(b"keepalive")
        self._flush()

    def receive(self) -> list[bytes]:
        """Return the messages that have come; call it when the socket can be read. Raise Disconnected at its end."""
        messages: list[bytes] = []
        while True:
            data = self._read()
            if data is None:
                return messages
            if not data:
                self._protocol.receive_eof()
            else:
                self._protocol.receive_data(data)
            messages += self._messages()
            self._flush_answers()
            if not data or self._protocol.state is not OPEN:
                if messages:
                    return messages
                raise Disconnected(self._why_closed())
            if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
                continue
            return messages

    def close(self) -> None:
        """Say goodbye, if anybody listens."""
        try:
            if self._protocol.state is OPEN:
                self._protocol.send_close(1000)
                self._flush()
        except (OSError, Disconnected):
            pass
        self._socket.close()

    def _shake_hands(self, headers: "Mapping[str, str]") -> None:
        request = self._protocol.connect()
        for name, value in headers.items():
            request.headers[name] = value
        self._protocol.send_request(request)
        self._flush()
        while self._protocol.state is not OPEN:
            try:
                data = self._socket.recv(_CHUNK)
            except OSError as error:
                raise Disconnected(str(error)) from error
            if not data:
                raise Disconnected("it was closed without an answer")
            self._protocol.receive_data(data)
            if self._protocol.handshake_exc is not None:
                raise Disconnected(_said(self._protocol.handshake_exc))

    def _messages(self) -> list[bytes]:
        events = self._protocol.events_received()
        return [
            bytes(event.data)
            for event in events
            if isinstance(event, Frame) and event.opcode in (Opcode.BINARY, Opcode.TEXT)
        ]

    def _read(self) -> bytes | None:
        self._socket.setblocking(False)
        try:
            return self._socket.recv(_CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        except OSError as error:
            raise Disconnected(str(error)) from error
        finally:
            self._socket.settimeout(CONNECT_TIMEOUT)

    def _flush_answers(self) -> None:
        try:
            self._flush()
        except Disconnected:
            return

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                try:
                    self._socket.sendall(data)
                except OSError as error:
                    raise Disconnected(str(error)) from error

    def _why_closed(self) -> str:
        reason = self._protocol.close_reason
        return f"it was closed: {reason}" if reason else "it was closed"


def _connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "wss"
    try:
        made = socket.create_connection((host, parts.port or (443 if secure else 80)), CONNECT_TIMEOUT)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not secure:
            return made
        bundle = os.environ.get("TAPIT_CA_BUNDLE") or None
        return ssl.create_default_context(cafile=bundle).wrap_socket(made, server_hostname=host)
    except OSError as error:
        raise Disconnected(f"{host}: {error}") from error


def _refuse_open_road(url: str) -> None:
    """A home that sends us to another machine without encryption is not followed: the token would be read."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    here = host in ("localhost", "::1") or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None
    if parts.scheme == "wss" or (
        parts.scheme == "ws" and (here or os.environ.get("TAPIT_ALLOW_HTTP") == "1")
    ):
        return
    raise Disconnected(f"{url.partition('?')[0]} is not encrypted")


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, InvalidHandshake) else f"{type(error).__name__}: {error}"
