"""What is said over the channel: a handshake if the agent wants one, the size, the keys, the output and its marks.

It does no I/O: it is given frames, and tells what was heard in them.
"""

import json
from collections.abc import Iterator

from tapit.session import frames
from tapit.session.channel import Channel
from tapit.session.frames import BrokenFrame, Message
from tapit.session.marks import Mark, Marks

CLIENT_VERSION = "1.2.764.0"  # of AWS's plugin, whose abilities we have: the service refuses much older ones
LARGEST_INPUT = 1024  # bytes of one message
_OK, _UNSUPPORTED = 1, 3


class Closed:
    """The agent, or the service between us, has ended the session."""

    def __init__(self, why: str) -> None:
        self.why = why


class Remark:
    """For the person, beside the output: what the agent says itself, or the command's stderr."""

    def __init__(self, text: bytes) -> None:
        self.text = text


class Encrypted:
    """The session wants keys of KMS, which we do not speak."""


Heard = bytes | Mark | Closed | Remark | Encrypted


class Conversation:
    def __init__(self, channel: Channel, nonce: str) -> None:
        self.marks = Marks(nonce)
        self._channel = channel
        self._nonce = nonce
        self._client_id = frames.new_uuid()

    def introduction(self, token: str) -> str:
        """The first message over every connection."""
        said = {
            "MessageSchemaVersion": "1.0",
            "RequestId": frames.new_uuid(),
            "TokenValue": token,
            "ClientId": self._client_id,
            "ClientVersion": CLIENT_VERSION,
        }
        return json.dumps(said)

    def hear(self, frame: bytes, now: float) -> Iterator[Heard]:
        """Bytes are output of the command; what is broken is not answered, and so comes again."""
        try:
            message = frames.decode(frame)
        except BrokenFrame:
            return
        if message.kind == frames.CLOSED:
            yield Closed(str(frames.read_json(message.payload).get("Output") or ""))
            return
        for each in self._channel.receive(message, now):
            yield from self._understand(each, now)

    def type(self, some: bytes, now: float) -> None:
        for at in range(0, len(some), LARGEST_INPUT):
            self._channel.send(frames.DATA, some[at : at + LARGEST_INPUT], now)

    def tell_size(self, columns: int, rows: int, now: float) -> None:
        self._channel.send(frames.SIZE, json.dumps({"cols": columns, "rows": rows}).encode(), now)

    def begin(self, now: float) -> None:
        """Answer the start mark, after which the command begins."""
        self.type(b"\n", now)

    def answer_exit(self, now: float) -> None:
        """Let the script at the other end go; what is left of a line before it must not spoil it."""
        self.type(b"\n" + self._nonce.encode() + b"\n", now)

    def _understand(self, message: Message, now: float) -> Iterator[Heard]:
        if message.payload_type == frames.DATA:
            yield from self.marks.feed(message.payload)
        elif message.payload_type == frames.STDERR:
            yield Remark(message.payload)
        elif message.payload_type == frames.HANDSHAKE_REQUEST:
            yield from self._shake_hands(message, now)
        elif message.payload_type == frames.HANDSHAKE_COMPLETE:
            said = frames.read_json(message.payload).get("CustomerMessage")
            if said:
                yield Remark(f"{said}\n".encode())

    def _shake_hands(self, message: Message, now: float) -> Iterator[Heard]:
        asked = frames.read_json(message.payload).get("RequestedClientActions")
        kinds = (
            [str(each.get("ActionType")) for each in asked if isinstance(each, dict)]
            if isinstance(asked, list)
            else []
        )
        answer = {
            "ClientVersion": CLIENT_VERSION,
            "ProcessedClientActions": [_processed(kind) for kind in kinds],
            "Errors": [f"{kind} is not supported" for kind in kinds if kind != "SessionType"],
        }
        self._channel.send(frames.HANDSHAKE_RESPONSE, json.dumps(answer).encode(), now)
        if "KMSEncryption" in kinds:
            yield Encrypted()


def _processed(kind: str) -> dict[str, object]:
    if kind == "SessionType":
        return {"ActionType": kind, "ActionStatus": _OK, "ActionResult": None, "Error": ""}
    return {
        "ActionType": kind,
        "ActionStatus": _UNSUPPORTED,
        "ActionResult": None,
        "Error": f"{kind} is not supported",
    }
