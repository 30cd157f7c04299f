"""A WebSocket: opened with patience, then never waited for."""

import socket
import ssl
import time
from collections.abc import Mapping

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import BINARY, CONT, TEXT, Close, CloseCode, Frame
from websockets.http11 import Response
from websockets.protocol import OPEN

from tapit.errors import CliError
from tapit.session import road

PATIENCE = 10.0  # seconds to connect, and as many for the answer to the upgrade
PING_EVERY = 25.0
DEAD_AFTER = 45.0  # seconds in which not even an answer to a ping came
LARGEST_MESSAGE = 1024 * 1024
_AT_ONCE = 65536
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Disconnected(Exception):
    """The connection cannot be made, or is gone; the message says how."""


class Connection:
    """Give it to `select`: `wants_to_write` and `has_unread` say what for."""

    def __init__(self, plug: socket.socket, protocol: ClientProtocol, now: float) -> None:
        self._socket = plug
        self._protocol = protocol
        self._outgoing = bytearray()
        self._fragments = b""
        self._early = self._received()  # what came together with the answer to the upgrade
        self._heard_at = now
        self._pinged_at = now

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def wants_to_write(self) -> bool:
        return bool(self._outgoing)

    @property
    def has_unread(self) -> bool:
        """Whether something waits where `select` does not see it: decrypted but not read, or a goodbye."""
        decrypted = isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0
        return bool(self._early) or decrypted or self._protocol.state is not OPEN

    @property
    def due_at(self) -> float:
        """When to call `keep_alive`."""
        return self._pinged_at + PING_EVERY

    def send(self, message: bytes | str) -> None:
        """Queue a message; `write` transmits it."""
        if self._protocol.state is not OPEN:
            return  # reading will tell
        if isinstance(message, str):
            self._protocol.send_text(message.encode())
        else:
            self._protocol.send_binary(message)

    def write(self) -> None:
        """Transmit what the socket takes now; raise Disconnected."""
        self._outgoing += b"".join(self._protocol.data_to_send())
        while self._outgoing:
            try:
                written = self._socket.send(self._outgoing[:_AT_ONCE])
            except _WOULD_BLOCK:
                return
            except OSError as error:
                raise Disconnected(_words(error)) from error
            del self._outgoing[:written]

    def read(self, now: float) -> list[bytes]:
        """The messages that have come whole; raise Disconnected once there will be no more."""
        if self._early:
            early, self._early = self._early, []
            return early
        if self._protocol.state is not OPEN:
            raise Disconnected(self._parting())
        try:
            some = self._socket.recv(_AT_ONCE)
        except _WOULD_BLOCK:
            return []
        except OSError as error:
            raise Disconnected(_words(error)) from error
        if not some:
            raise Disconnected(self._parting())
        self._heard_at = now
        self._protocol.receive_data(some)
        messages = self._received()
        if not messages and self._protocol.state is not OPEN:
            raise Disconnected(self._parting())
        return messages

    def keep_alive(self, now: float, *, listening: bool = True) -> None:
        """Ping when it is time; raise Disconnected when nothing came back for long, though somebody listened."""
        if not listening:
            self._heard_at = now
        if now - self._heard_at >= DEAD_AFTER:
            raise Disconnected(f"nothing came from the other end for {DEAD_AFTER:g} seconds")
        if now >= self.due_at:
            self._pinged_at = now
            if self._protocol.state is OPEN:
                self._protocol.send_ping(b"tapit")

    def close(self) -> None:
        """Say goodbye if there is room for it, and hang up."""
        try:
            if self._protocol.state is OPEN:
                self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self.write()
        except Disconnected:
            pass
        self._socket.close()

    def _received(self) -> list[bytes]:
        return [message for event in self._protocol.events_received() for message in self._messages(event)]

    def _messages(self, event: object) -> list[bytes]:
        if not isinstance(event, Frame) or event.opcode not in (TEXT, BINARY, CONT):
            return []
        whole = self._fragments + bytes(event.data)
        self._fragments = b"" if event.fin else whole
        return [whole] if event.fin else []

    def _parting(self) -> str:
        close: Close | None = self._protocol.close_rcvd
        if close is not None:
            reason = f": {close.reason}" if close.reason else ""
            return f"the other end hung up with code {int(close.code)}{reason}"
        broken = self._protocol.parser_exc
        return f"the other end sent nonsense: {broken}" if broken else "the other end hung up"


def connect(url: str, headers: Mapping[str, str]) -> Connection:
    """Raise Disconnected when it may work later, CliError when it will not."""
    parts = road.parts_of(url)
    try:
        plug = road.connected(parts, PATIENCE)
    except ssl.SSLCertVerificationError as error:
        raise CliError(
            f"the certificate of {parts.host} is not trusted",
            error.verify_message,
            "if your team has its own authority: export TAPIT_CA_BUNDLE=/path/to/ca.pem",
        ) from error
    except OSError as error:
        raise Disconnected(f"cannot reach {parts.host}: {_words(error)}") from error
    protocol = ClientProtocol(parts, max_size=LARGEST_MESSAGE)
    try:
        _upgrade(plug, protocol, headers)
        plug.setblocking(False)
    except OSError as error:
        plug.close()
        raise Disconnected(f"{parts.host} did not open the session: {_words(error)}") from error
    except Disconnected:
        plug.close()
        raise
    return Connection(plug, protocol, time.monotonic())


def _upgrade(plug: socket.socket, protocol: ClientProtocol, headers: Mapping[str, str]) -> None:
    request = protocol.connect()
    for name, value in headers.items():  # they are signed: each must be there once, and as it is
        if name in request.headers:
            del request.headers[name]
        request.headers[name] = value
    protocol.send_request(request)
    plug.sendall(b"".join(protocol.data_to_send()))
    ends_at = time.monotonic() + PATIENCE
    while protocol.state is not OPEN and protocol.handshake_exc is None:
        plug.settimeout(max(0.01, ends_at - time.monotonic()))
        some = plug.recv(_AT_ONCE)
        if some:
            protocol.receive_data(some)
        else:
            protocol.receive_eof()
    if protocol.handshake_exc is not None:
        raise Disconnected(_refusal(protocol.handshake_exc))


def _refusal(error: Exception) -> str:
    if isinstance(error, InvalidStatus):
        response: Response = error.response
        said = bytes(response.body or b"")[:200].decode(errors="replace").strip()
        return f"the session was refused: {response.status_code} {response.reason_phrase}" + (
            f", {said}" if said else ""
        )
    return f"the session was not opened: {error}"


def _words(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
