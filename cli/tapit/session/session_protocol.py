"""The client's side of Session Manager's protocol: handshake, window size, keys, output and the marks in it.

It does no I/O: it is given frames, and returns what they mean.
"""

import json
from collections.abc import Iterator

from tapit.session import frames
from tapit.session.encoded_output import EncodedOutput
from tapit.session.frames import BrokenFrame, Message
from tapit.session.marks import BEGIN, Mark, Marks
from tapit.session.reliable_delivery import ReliableDelivery

CLIENT_VERSION = "1.2.896.0"  # of AWS's session-manager-plugin; the service turns away what is too old
LARGEST_INPUT = 1024  # bytes of one message
_OK, _UNSUPPORTED = 1, 3
_ENCODED = "1"  # of the mark after which the output begins


class ChannelClosed:
    """The agent, or the service between us, has ended the session."""

    def __init__(self, why: str) -> None:
        self.why = why


class Remark:
    """To be shown on stderr: the agent's own messages, or the command's stderr."""

    def __init__(self, text: bytes) -> None:
        self.text = text


class Encrypted:
    """The session is encrypted with a KMS key, which is not supported."""


Heard = bytes | Mark | ChannelClosed | Remark | Encrypted


class SessionProtocol:
    """`heard_at`: when a message of the agent came last, and not one of the service between us."""

    def __init__(self, delivery: ReliableDelivery, nonce: str, now: float) -> None:
        self.marks = Marks(nonce)
        self.heard_at = now
        self._delivery = delivery
        self._nonce = nonce
        self._client_id = frames.new_uuid()
        self._encoded: EncodedOutput | None = None

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
        """Yield what the frame means; bytes are output. A broken one is not acknowledged, so that it is sent again."""
        try:
            message = frames.decode(frame)
        except BrokenFrame:
            return
        if message.kind in (frames.ACKNOWLEDGE, frames.OUTPUT):
            self.heard_at = now
        if message.kind == frames.CLOSED:
            yield ChannelClosed(str(frames.read_json(message.payload).get("Output") or ""))
            return
        for each in self._delivery.receive(message, now):
            yield from self._understand(each, now)

    def type(self, some: bytes, now: float) -> None:
        for at in range(0, len(some), LARGEST_INPUT):
            self._delivery.send(frames.DATA, some[at : at + LARGEST_INPUT], now)

    def tell_size(self, columns: int, rows: int, now: float) -> None:
        self._delivery.send(frames.SIZE, json.dumps({"cols": columns, "rows": rows}).encode(), now)

    def begin(self, now: float) -> None:
        """Answer the start mark, after which the command begins."""
        self.type(b"\n", now)

    def answer_exit(self, now: float) -> None:
        """Tell the script that its exit code has arrived; the newline first ends whatever line was half typed."""
        self.type(b"\n" + self._nonce.encode() + b"\n", now)

    def _understand(self, message: Message, now: float) -> Iterator[Heard]:
        if message.payload_type == frames.DATA:
            for each in self.marks.feed(message.payload):
                if self._encoded is None and isinstance(each, bytes):
                    yield each
                else:
                    yield from self._decoded(each)
        elif message.payload_type == frames.STDERR:
            yield Remark(message.payload)
        elif message.payload_type == frames.HANDSHAKE_REQUEST:
            yield from self._shake_hands(message, now)
        elif message.payload_type == frames.HANDSHAKE_COMPLETE:
            said = frames.read_json(message.payload).get("CustomerMessage")
            if said:
                yield Remark(f"{said}\n".encode())

    def end(self) -> Iterator[Heard]:
        """What was held back for more, which does not come."""
        yield from self._decoded(self.marks.end())
        if self._encoded is not None:
            yield self._encoded.end()

    def _decoded(self, heard: bytes | Mark) -> Iterator[Heard]:
        if isinstance(heard, Mark):
            if heard.kind == BEGIN and heard.value == _ENCODED:
                self._encoded = EncodedOutput()
            yield heard
        elif self._encoded is None:
            yield heard
        else:
            for text, is_output in self._encoded.feed(heard):
                yield text if is_output else Remark(text)

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
        self._delivery.send(frames.HANDSHAKE_RESPONSE, json.dumps(answer).encode(), now)
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
