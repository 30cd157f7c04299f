"""The frames of the data channel: a header of 120 bytes, big-endian, and a payload.

The layout is that of AWS's session-manager-plugin and amazon-ssm-agent (both Apache-2.0): a MessageId's two halves
are swapped on the wire, and HeaderLength is the offset of PayloadLength, always 116.
"""

import hashlib
import json
import os
import re
import struct
import time

INPUT = "input_stream_data"  # from the client
OUTPUT = "output_stream_data"  # from the agent
ACKNOWLEDGE = "acknowledge"
CLOSED = "channel_closed"
START = "start_publication"
PAUSE = "pause_publication"

DATA = 1  # payload types; the numbers are the agent's
SIZE = 3
HANDSHAKE_REQUEST = 5
HANDSHAKE_RESPONSE = 6
HANDSHAKE_COMPLETE = 7
STDERR = 11

SYN, FIN = 1, 2
_HEADER = struct.Struct(">I32sIQqQ16s32sII")
_HEADER_LENGTH = 116
_MAY_BE_INCOMPLETE = (START, PAUSE)
# Written out because there is one for every key: kinds, ids and numbers need no quoting.
_ACKNOWLEDGED = (
    '{"AcknowledgedMessageType":"%s","AcknowledgedMessageId":"%s",'
    '"AcknowledgedMessageSequenceNumber":%d,"IsSequentialMessage":true}'
)
_NUMBER = re.compile(rb'"AcknowledgedMessageSequenceNumber"\s*:\s*([0-9]{1,18})\b')


class BrokenFrame(ValueError):
    """What came is no frame of the data channel; the message says in what."""


class Message:
    """One frame, read."""

    def __init__(
        self,
        kind: str,
        payload: bytes,
        *,
        payload_type: int = 0,
        sequence: int = 0,
        flags: int = 0,
        message_id: bytes = b"",
    ) -> None:
        self.kind = kind
        self.payload = payload
        self.payload_type = payload_type
        self.sequence = sequence
        self.flags = flags
        self.id = message_id or _uuid4()

    def encoded(self) -> bytes:
        header = _HEADER.pack(
            _HEADER_LENGTH,
            self.kind.encode().ljust(32),
            1,
            time.time_ns() // 1_000_000,
            self.sequence,
            self.flags,
            self.id[8:] + self.id[:8],
            hashlib.sha256(self.payload).digest(),
            self.payload_type,
            len(self.payload),
        )
        return header + self.payload


def decode(frame: bytes) -> Message:
    """Raise BrokenFrame for anything but a whole frame with the digest of its own payload."""
    if len(frame) < _HEADER.size:
        raise BrokenFrame(f"a frame of {len(frame)} bytes is shorter than its header")
    (length, kind, _, _, sequence, flags, swapped, digest, payload_type, size) = _HEADER.unpack_from(frame)
    try:
        name = kind.rstrip(b"\0 ").decode("ascii")
    except UnicodeDecodeError as error:
        raise BrokenFrame("a frame has no readable message type") from error
    message = Message(
        name,
        frame[length + 4 :],
        payload_type=payload_type,
        sequence=sequence,
        flags=flags,
        message_id=swapped[8:] + swapped[:8],
    )
    if name not in _MAY_BE_INCOMPLETE:
        _check(message, length, size, digest)
    return message


def acknowledgement(message: Message) -> bytes:
    """The answer to a message of a stream; it has no number of its own and is not acknowledged itself."""
    said = _ACKNOWLEDGED % (message.kind, uuid_text(message.id), message.sequence)
    return Message(ACKNOWLEDGE, said.encode(), flags=SYN | FIN).encoded()


def acknowledged(message: Message) -> int | None:
    """The number that an acknowledgement is about; None when it has none."""
    found = _NUMBER.search(message.payload)
    return int(found[1]) if found else None


def read_json(payload: bytes) -> dict[str, object]:
    """Return nothing for a payload that is no JSON object: whoever sent it gets no answer."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def uuid_text(raw: bytes) -> str:
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def new_uuid() -> str:
    return uuid_text(_uuid4())


def _uuid4() -> bytes:
    """Random, and marked as such (RFC 9562); the standard library's module costs milliseconds to import."""
    raw = bytearray(os.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    return bytes(raw)


def _check(message: Message, length: int, size: int, digest: bytes) -> None:
    if length != _HEADER_LENGTH:
        raise BrokenFrame(f"a frame says that its header has {length} bytes")
    if len(message.payload) != size:
        raise BrokenFrame(f"a frame announces {size} bytes and has {len(message.payload)}")
    if hashlib.sha256(message.payload).digest() != digest:
        raise BrokenFrame("the digest of a frame is not that of its payload")
