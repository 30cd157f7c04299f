"""A WebSocket client: opening it may block, reading and writing never do."""

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
from tapit.home import tls
from tapit.session import secure_socket

PATIENCE = 10.0  # seconds to connect, and as many for the answer to the upgrade
PING_EVERY = 25.0
DEAD_AFTER = 45.0  # seconds in which not even an answer to a ping came
LARGEST_MESSAGE = 1024 * 1024
_AT_ONCE = 65536
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Disconnected(Exception):
    """The connection cannot be made, or is gone; the message says how."""


class WebSocket:
    """Give it to `select`: `wants_to_write` and `has_unread` say what for."""

    def __init__(self, connected: socket.socket, protocol: ClientProtocol, now: float) -> None:
        self._socket = connected
        self._protocol = protocol
        self._outgoing = bytearray()
        self._incoming = memoryview(bytearray(_AT_ONCE))  # kept: room for so much costs more than a key
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
            size = self._socket.recv_into(self._incoming)
        except _WOULD_BLOCK:
            return []
        except OSError as error:
            raise Disconnected(_words(error)) from error
        if not size:
            raise Disconnected(self._parting())
        self._heard_at = now
        self._protocol.receive_data(bytes(self._incoming[:size]))
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


def open_websocket(url: str, headers: Mapping[str, str], *, home_is_here: bool = True) -> WebSocket:
    """Raise Disconnected when it may work later, CliError when it will not."""
    address = secure_socket.parse_url(url)
    if not home_is_here:
        secure_socket.refuse_this_machine(address)
    try:
        connected = secure_socket.open_socket(address, PATIENCE)
    except ssl.SSLCertVerificationError as error:
        raise CliError(
            f"the certificate of {address.name} is not trusted",
            error.verify_message,
            tls.TRUST_AN_AUTHORITY,
        ) from error
    except OSError as error:
        raise Disconnected(f"cannot reach {address.name}: {_words(error)}") from error
    protocol = ClientProtocol(address.uri, max_size=LARGEST_MESSAGE)
    try:
        _upgrade(connected, protocol, headers)
        connected.setblocking(False)
    except OSError as error:
        connected.close()
        raise Disconnected(f"{address.name} did not open the session: {_words(error)}") from error
    except Disconnected:
        connected.close()
        raise
    return WebSocket(connected, protocol, time.monotonic())


def _upgrade(connected: socket.socket, protocol: ClientProtocol, headers: Mapping[str, str]) -> None:
    request = protocol.connect()
    for name, value in headers.items():  # they are signed: each must be there once, and as it is
        if name in request.headers:
            del request.headers[name]
        request.headers[name] = value
    protocol.send_request(request)
    connected.sendall(b"".join(protocol.data_to_send()))
    ends_at = time.monotonic() + PATIENCE
    while protocol.state is not OPEN and protocol.handshake_exc is None:
        connected.settimeout(max(0.01, ends_at - time.monotonic()))
        some = connected.recv(_AT_ONCE)
        if some:
            protocol.receive_data(some)
        else:
            protocol.receive_eof()
    if protocol.handshake_exc is not None:
        raise Disconnected(_refusal(protocol.handshake_exc, headers))


def _refusal(error: Exception, signed: Mapping[str, str]) -> str:
    if isinstance(error, InvalidStatus):
        response: Response = error.response
        said = _without(signed, bytes(response.body or b"").decode(errors="replace").strip())[:200]
        return f"the session was refused: {response.status_code} {response.reason_phrase}" + (
            f", {said}" if said else ""
        )
    return f"the session was not opened: {error}"


def _without(signed: Mapping[str, str], said: str) -> str:
    """Whoever refuses a request may repeat what it was signed with."""
    for name, value in signed.items():
        if value and name.lower() != "host":
            said = said.replace(value, "***")
    return said


def _words(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
