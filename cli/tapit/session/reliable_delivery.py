"""Reliable delivery over the data channel, the same at both ends: numbers, acknowledgements, order, retransmission.

It does no I/O and has no clock: frames to transmit collect in `outbox`, and every call is told the time (seconds that
never jump). Timing and limits are those of AWS's plugin.
"""

from collections import deque

from tapit.session import frames
from tapit.session.frames import Message

LOOK_EVERY = 0.1  # seconds between two looks at the oldest message
MOST_BUFFERED = 10_000  # messages out of order, or not yet acknowledged
_FIRST_TIMEOUT = 0.2  # seconds
_LONGEST_TIMEOUT = 1.0
_SHORTEST_VARIANCE = 0.01


class Sent:
    """A message that is not acknowledged yet."""

    def __init__(self, frame: bytes, size: int, at: float) -> None:
        self.frame = frame
        self.size = size
        self.at = at
        self.resends = 0


class ReliableDelivery:
    """`sends` and `receives` are the kinds of the two streams, as seen from this end."""

    def __init__(self, sends: str, receives: str) -> None:
        self.outbox: deque[bytes] = deque()
        self.unacknowledged_bytes = 0
        self._sends = sends
        self._receives = receives
        self._sent: dict[int, Sent] = {}  # by number, oldest first
        self._next_number = 0
        self._expected = 0
        self._early: dict[int, Message] = {}
        self._is_paused = False
        self._look_at = 0.0
        self._timeout = _FIRST_TIMEOUT
        self._round_trip = 0.0
        self._variance = 0.0

    @property
    def can_send(self) -> bool:
        return len(self._sent) < MOST_BUFFERED

    @property
    def is_settled(self) -> bool:
        """Whether the other end has all that was sent."""
        return not self._sent

    @property
    def due_at(self) -> float | None:
        """When to call `resend`; None while nothing waits for its acknowledgement."""
        return self._look_at if self._sent and not self._is_paused else None

    def send(self, payload_type: int, payload: bytes, now: float) -> None:
        """Number a message, transmit it, and keep it until it is acknowledged."""
        flags = frames.SYN if self._next_number == 0 and self._sends == frames.OUTPUT else 0
        message = Message(
            self._sends, payload, payload_type=payload_type, sequence=self._next_number, flags=flags
        )
        sent = Sent(message.encoded(), len(payload), now)
        if not self._sent:
            self._look_at = now + LOOK_EVERY
        self._sent[self._next_number] = sent
        self._next_number += 1
        self.unacknowledged_bytes += sent.size
        if not self._is_paused:
            self.outbox.append(sent.frame)

    def receive(self, message: Message, now: float) -> list[Message]:
        """Return the stream's messages that are in order now; everything else is dealt with here."""
        if message.kind == frames.PAUSE:
            self._is_paused = True
            return []
        self._go_on(now)
        if message.kind == frames.ACKNOWLEDGE:
            self._take_acknowledgement(message, now)
        elif message.kind == self._receives:
            return self._take(message)
        return []

    def resend(self, now: float) -> None:
        """Transmit the oldest message once more when it has waited too long; call it when `due_at` has come."""
        self._look_at = now + LOOK_EVERY
        if self._is_paused:
            return
        for oldest in self._sent.values():
            if now - oldest.at >= self._timeout:
                self._transmit_again(oldest, now)
            return

    def reconnected(self, now: float) -> None:
        """Transmit all that may have been lost with the connection."""
        self._is_paused = False
        self.outbox.clear()
        for sent in self._sent.values():
            self._transmit_again(sent, now)

    def _transmit_again(self, sent: Sent, now: float) -> None:
        sent.resends += 1
        sent.at = now
        self.outbox.append(sent.frame)

    def _go_on(self, now: float) -> None:
        """Anything that comes after a pause ends it."""
        if self._is_paused:
            self._is_paused = False
            for sent in self._sent.values():
                self._transmit_again(sent, now)

    def _take_acknowledgement(self, message: Message, now: float) -> None:
        number = frames.acknowledged(message)
        sent = self._sent.pop(number, None) if number is not None else None
        if sent is None:
            return
        self.unacknowledged_bytes -= sent.size
        if not sent.resends:  # of one sent twice, nobody knows which is being acknowledged
            self._learn(now - sent.at)

    def _learn(self, sample: float) -> None:
        self._variance = 0.75 * self._variance + 0.25 * abs(self._round_trip - sample)
        self._round_trip = 0.875 * self._round_trip + 0.125 * sample
        self._timeout = min(_LONGEST_TIMEOUT, self._round_trip + max(_SHORTEST_VARIANCE, 4 * self._variance))

    def _take(self, message: Message) -> list[Message]:
        if message.sequence > self._expected:
            if len(self._early) < MOST_BUFFERED or message.sequence in self._early:
                self._early[message.sequence] = message
                self.outbox.append(frames.acknowledgement(message))
            return []
        self.outbox.append(
            frames.acknowledgement(message)
        )  # also of a repeated one: its first answer got lost
        if message.sequence < self._expected:
            return []
        ready = [message]
        self._expected += 1
        while self._expected in self._early:
            ready.append(self._early.pop(self._expected))
            self._expected += 1
        return ready
