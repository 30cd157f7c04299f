"""The data channel to a session's client, which outlives its connections: what is sent is kept until it arrived."""

from collections.abc import Callable

from tapit.session import frames
from tapit.session.frames import BrokenFrame, Message
from tapit.session.reliable_delivery import MOST_BUFFERED, ReliableDelivery

from local.session_agent.client_websocket import GOODBYE, NOT_UNDERSTOOD, REPLACED, ClientWebSocket

MOST_UNACKNOWLEDGED = 256 * 1024  # bytes; whoever presses Ctrl-C will see no more than these
_MOST_HELD = MOST_BUFFERED * 1024  # bytes; a client has no more under way than so many messages of a kilobyte
_MOST_ANSWERS = 20_000  # frames that a client may leave unread before it is no longer heard


class ResumableChannel:
    """`take` gets each message of the input, in order; `has_room` says whether it may get one now."""

    def __init__(self, take: Callable[[Message, float], None], has_room: Callable[[], bool]) -> None:
        self.lost_at: float | None = None
        self._take = take
        self._has_room = has_room
        self._delivery = ReliableDelivery(sends=frames.OUTPUT, receives=frames.INPUT)
        self._connection: ClientWebSocket | None = None
        self._held: dict[int, Message] = {}
        self._held_bytes = 0

    # Connections

    def attach(self, connection: ClientWebSocket, now: float) -> None:
        """Go on with this one; an earlier one is of no use any more."""
        earlier, self._connection = self._connection, connection
        self.lost_at = None
        if earlier is not None:
            earlier.close(REPLACED, now, "another connection took over")
            self._delivery.reconnected(now)

    @property
    def is_connected(self) -> bool:
        return self._connection is not None and self._connection.is_open

    @property
    def said_goodbye(self) -> bool:
        return self._connection is not None and self._connection.said_goodbye

    def notice_loss(self, now: float) -> None:
        if self.lost_at is None and not self.is_connected:
            self.lost_at = now

    def close(self, last_words: bytes, now: float) -> None:
        """Say what needs no acknowledgement, after all that had one, and goodbye."""
        connection = self._connection
        if connection is None:
            return
        for frame in (*self._delivery.outbox, Message(frames.CLOSED, last_words).encoded()):
            connection.send(frame)
        self._delivery.outbox.clear()
        connection.close(GOODBYE, now)

    # Hearing

    @property
    def can_hear(self) -> bool:
        return len(self._delivery.outbox) < _MOST_ANSWERS

    def hear(self, connection: ClientWebSocket, frame: str | bytes, now: float) -> None:
        """Take a frame; one that makes no sense costs its client the connection, and no more."""
        if connection is not self._connection or not connection.is_open:
            return
        try:
            message = _read(frame)
        except BrokenFrame as error:
            connection.close(NOT_UNDERSTOOD, now, str(error))
            return
        if message.kind == frames.INPUT:
            self._hold(message)
            self.pass_on(now)
        else:
            self._delivery.receive(message, now)

    def _hold(self, message: Message) -> None:
        """Input that there is no room for is not acknowledged yet, which makes its sender wait.

        Acknowledgements of output go through meanwhile: the command may read on only when it got rid of some.
        """
        has_space = len(self._held) < MOST_BUFFERED and self._held_bytes < _MOST_HELD
        if has_space and message.sequence not in self._held:
            self._held[message.sequence] = message
            self._held_bytes += len(message.payload)

    def pass_on(self, now: float) -> None:
        """Pass on what was held back, as far as there is room."""
        while self._held and self._has_room():
            message = self._held.pop(next(iter(self._held)))
            self._held_bytes -= len(message.payload)
            for ready in self._delivery.receive(message, now):
                self._take(ready, now)

    # Saying

    @property
    def is_free(self) -> bool:
        """Whether there is room for more output."""
        return self._delivery.unacknowledged_bytes < MOST_UNACKNOWLEDGED and self._delivery.can_send

    @property
    def is_settled(self) -> bool:
        """Whether the client has all that was said."""
        return self._delivery.is_settled

    def say(self, payload_type: int, payload: bytes, now: float) -> None:
        self._delivery.send(payload_type, payload, now)

    def pump(self, now: float) -> None:
        """Send what may be sent; nothing piles up before a client that does not read."""
        connection = self._connection
        if connection is None or not connection.is_open:
            return
        due = self.due_at
        if due is not None and now >= due:
            self._delivery.resend(now)
        while self._delivery.outbox and connection.is_free:
            connection.send(self._delivery.outbox.popleft())

    @property
    def due_at(self) -> float | None:
        """Return when something is to be sent again; what is still here cannot have been lost."""
        is_quiet = self.is_connected and not self._delivery.outbox
        if not is_quiet or self._connection is None or not self._connection.is_empty:
            return None
        return self._delivery.due_at


def _read(frame: str | bytes) -> Message:
    if isinstance(frame, str):
        raise BrokenFrame("text has no place here")
    return frames.decode(frame)
