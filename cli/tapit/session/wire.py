"""One session's data channel over connections that may break: what is sent once arrives once."""

import json
import time
from collections.abc import Mapping
from typing import Any

from tapit.errors import CliError
from tapit.session import frames
from tapit.session.channel import Channel
from tapit.session.connection import Connection, Disconnected
from tapit.session.frames import BrokenFrame, Message

PING_EVERY = 25.0  # seconds; what sits between here and there forgets a silent connection
SILENT_FOR = 60.0  # seconds after which nobody is there any more
LARGEST_DATA = 1024  # bytes of a message: the agent takes no more
MOST_UNANSWERED = 256 * 1024  # bytes
_VERSION = "1.2.764.0"  # of AWS's plugin, whose protocol this is


class ChannelClosed(Exception):
    """The other side says that it is over; the message may say why."""


class Wire:
    """`fileno` changes with every connection."""

    def __init__(self, opened: Mapping[str, Any]) -> None:
        self._channel = Channel(sends=frames.INPUT, receives=frames.OUTPUT)
        self._connection: Connection | None = None
        self._client_id = frames.new_uuid()
        self._ping_at = 0.0
        self._heard_at = 0.0
        self._closed_with: str | None = None
        self.connect(opened)

    def fileno(self) -> int:
        return -1 if self._connection is None else self._connection.fileno()

    @property
    def due_at(self) -> float:
        return min(self._ping_at, self._channel.due_at or self._ping_at)

    @property
    def takes_input(self) -> bool:
        return self._channel.can_send and self._channel.unacknowledged_bytes < MOST_UNANSWERED

    @property
    def is_over(self) -> bool:
        """Whether the other side has said so; `receive` tells it once all that came before was taken."""
        return self._closed_with is not None

    def connect(self, opened: Mapping[str, Any]) -> None:
        """Connect, or connect again: the channel goes on where it was. Raise Disconnected."""
        self.drop()
        connection = Connection(str(opened["url"]), opened["headers"])
        opening = {
            "MessageSchemaVersion": "1.0",
            "RequestId": frames.new_uuid(),
            "TokenValue": opened["token"],
            "ClientId": self._client_id,
            "ClientVersion": _VERSION,
        }
        connection.send_text(json.dumps(opening))
        self._connection = connection
        now = time.monotonic()
        self._heard_at, self._ping_at = now, now + PING_EVERY
        self._channel.reconnected(now)
        self._transmit()

    def drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def send(self, data: bytes) -> None:
        for start in range(0, len(data), LARGEST_DATA):
            self._channel.send(frames.DATA, data[start : start + LARGEST_DATA], time.monotonic())
        self._transmit()

    def send_size(self, columns: int, rows: int) -> None:
        size = json.dumps({"cols": columns, "rows": rows}).encode()
        self._channel.send(frames.SIZE, size, time.monotonic())
        self._transmit()

    def receive(self) -> list[Message]:
        """Return what the session has to say, in order. Raise Disconnected or ChannelClosed."""
        assert self._connection is not None
        if self._closed_with is not None:
            raise ChannelClosed(self._closed_with)
        said: list[Message] = []
        received = self._connection.receive()
        self._heard_at = time.monotonic()
        for frame in received:
            try:
                message = frames.decode(frame)
            except BrokenFrame:  # it is sent again, for nobody acknowledges it
                continue
            if message.kind == frames.CLOSED:
                self._closed_with = str(frames.read_json(message.payload).get("Output") or "")
                break
            said += self._channel.receive(message, self._heard_at)
        if self._closed_with is not None and not said:
            raise ChannelClosed(self._closed_with)
        self._transmit()
        return [message for message in said if not self._shakes_hands(message)]

    def keep_up(self) -> None:
        """Do what is due: transmit again, show that we are here, notice that nobody else is. Raise Disconnected."""
        now = time.monotonic()
        if self._channel.due_at is not None and now >= self._channel.due_at:
            self._channel.resend(now)
            self._transmit()
        if now >= self._ping_at and self._connection is not None:
            if now - self._heard_at > SILENT_FOR:
                raise Disconnected(f"nothing came for {SILENT_FOR:g} seconds")
            self._ping_at = now + PING_EVERY
            self._connection.ping()

    def _transmit(self) -> None:
        while self._connection is not None and self._channel.outbox:
            self._connection.send(self._channel.outbox.popleft())

    def _shakes_hands(self, message: Message) -> bool:
        if message.payload_type == frames.HANDSHAKE_REQUEST:
            self._answer_handshake(frames.read_json(message.payload))
            return True
        return message.payload_type in (frames.HANDSHAKE_COMPLETE, frames.CHALLENGE_REQUEST)

    def _answer_handshake(self, asked: Mapping[str, Any]) -> None:
        actions = [action for action in asked.get("RequestedClientActions") or [] if isinstance(action, dict)]
        done = [_done(action) for action in actions]
        answer = {"ClientVersion": _VERSION, "ProcessedClientActions": done, "Errors": []}
        self._channel.send(frames.HANDSHAKE_RESPONSE, json.dumps(answer).encode(), time.monotonic())
        self._transmit()
        if any(action.get("ActionType") == "KMSEncryption" for action in actions):
            raise CliError(
                "the cluster encrypts its sessions with a key of its own, which tapit cannot do",
                "Its execute-command configuration names a kmsKeyId.",
                "take the key out of the cluster's configuration; the connection is encrypted without it",
            )


def _done(action: Mapping[str, Any]) -> dict[str, Any]:
    known = action.get("ActionType") == "SessionType"
    return {
        "ActionType": action.get("ActionType"),
        "ActionStatus": 1 if known else 3,
        "ActionResult": None,
        "Error": "" if known else "Unsupported action",
    }
