"""One client's WebSocket, which never makes anybody wait."""

import select
import socket
from collections import deque

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

MOST_UNSENT = 65536  # bytes; as long as there are more, better send nothing new
_MOST_ANSWERS = 1 << 20  # bytes
_LARGEST_MESSAGE = 65536
_LARGEST_READ = 65536
_INTRODUCING = 10.0  # seconds
_MOST_OF_A_STRANGER = 16384  # bytes; the upgrade and the token take less than one
_CLOSING = 2.0

GOODBYE = 1000
REPLACED = 1001
NOT_UNDERSTOOD = 1003


class ClientWebSocket:
    """A browser's page cannot connect: it would say where it comes from (`Origin`)."""

    def __init__(self, accepted: socket.socket, now: float) -> None:
        accepted.setblocking(False)
        self.file = accepted.fileno()
        self.path = ""
        self.session_id = ""  # until the client has shown that it may
        self.is_gone = False
        self.said_goodbye = False
        self._socket = accepted
        self._protocol = ServerProtocol(origins=[None], max_size=_LARGEST_MESSAGE)
        self._fragments = bytearray()
        self._is_text = False
        self._room_for_stranger = _MOST_OF_A_STRANGER
        self._unsent: deque[bytes] = deque()
        self._unsent_bytes = 0
        self._is_last = False
        self._give_up_at: float | None = now + _INTRODUCING

    def introduced(self, session_id: str) -> None:
        self.session_id = session_id
        self._give_up_at = None

    @property
    def is_stranger(self) -> bool:
        """Whether it has not shown that it may be here; what such a one can make us keep is bounded."""
        return not self.session_id and not self.is_gone

    @property
    def is_open(self) -> bool:
        return not self.is_gone and self._protocol.state is OPEN

    @property
    def is_free(self) -> bool:
        """Whether it takes more without piling it up."""
        return self.is_open and self._unsent_bytes < MOST_UNSENT

    @property
    def can_hear(self) -> bool:
        """Whether its client takes our answers; one that does not is not heard either."""
        return self._unsent_bytes < _MOST_ANSWERS

    @property
    def is_empty(self) -> bool:
        """Whether all that was sent is on its way."""
        return not self._unsent

    @property
    def events(self) -> int:
        return select.POLLOUT if self._unsent else 0

    @property
    def due_at(self) -> float | None:
        return None if self.is_gone else self._give_up_at

    def receive(self) -> list[str | bytes]:
        """Return the messages that came; a client that breaks the rules is told so, and heard no more."""
        if self.is_gone:
            return []
        try:
            data = self._socket.recv(self._room_for_stranger if self.is_stranger else _LARGEST_READ)
        except (BlockingIOError, InterruptedError):
            return []
        except OSError:
            self.drop()
            return []
        self._room_for_stranger -= len(data)
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        messages = [message for event in self._protocol.events_received() for message in self._take(event)]
        self._collect()
        if not data:
            self.drop()
        return messages

    def drop_if_tedious(self) -> None:
        """Have done with a stranger who has said more than it takes to show a token."""
        if self.is_stranger and self._room_for_stranger <= 0:
            self.drop()

    def send(self, message: bytes) -> None:
        if not self.is_open:
            return
        self._protocol.send_binary(message)
        self._collect()

    def close(self, code: int, now: float, reason: str = "") -> None:
        """Say why, and leave once that is sent; a client that takes its time is not waited for long."""
        if not self.is_open:
            return
        self._protocol.fail(code, reason)
        self._give_up_at = now + _CLOSING
        self._collect()

    def give_up_if_due(self, now: float) -> None:
        if self._give_up_at is not None and now >= self._give_up_at:
            self.drop()

    def flush(self) -> None:
        """Write what the socket takes."""
        if self.is_gone:
            return
        try:
            while self._unsent:
                written = self._socket.send(self._unsent[0])
                self._unsent_bytes -= written
                rest = self._unsent.popleft()[written:]
                if rest:
                    self._unsent.appendleft(rest)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:  # it takes nothing any more, and may have said goodbye before
            self._unsent.clear()
            self._unsent_bytes = 0
            return
        if self._is_last:
            self._shut_down()

    def drop(self) -> None:
        if not self.is_gone:
            self.is_gone = True
            self._socket.close()
            self._unsent.clear()

    def _take(self, event: object) -> list[str | bytes]:
        if isinstance(event, Request):
            self.path = event.path
            self._protocol.send_response(self._protocol.accept(event))
        elif isinstance(event, Frame):
            if event.opcode is Opcode.CLOSE:
                received = self._protocol.close_rcvd
                self.said_goodbye = received is not None and received.code == GOODBYE
            elif event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                return self._take_fragment(event)
        return []

    def _take_fragment(self, frame: Frame) -> list[str | bytes]:
        """Only bytes are kept of them, which the library bounds; of fragments without any there is no end."""
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        self._fragments += frame.data
        if not frame.fin:
            return []
        content, self._fragments = bytes(self._fragments), bytearray()
        return [content.decode("utf-8", "replace") if self._is_text else content]

    def _collect(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._unsent.append(data)
                self._unsent_bytes += len(data)
            else:
                self._is_last = True
        self.flush()

    def _shut_down(self) -> None:
        """Everything is sent: end our half, and leave when the client has ended its own, or takes too long."""
        self._is_last = False
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.drop()
