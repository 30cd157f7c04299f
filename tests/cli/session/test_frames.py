"""A frame on the wire, byte for byte, and whatever else may come instead of one."""

import hashlib
import json
import struct
from contextlib import suppress
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tapit.session import frames
from tapit.session.frames import BrokenFrame, Message, acknowledgement, decode

ID = bytes.fromhex("00112233445566778899aabbccddeeff")
LS = b"".join(
    (
        bytes.fromhex("00000074"),  # the header's length: 116, the offset of the payload's
        b"output_stream_data              ",
        bytes.fromhex("00000001"),  # the schema's version
        bytes.fromhex("0000019323d0f1c8"),  # created, in milliseconds
        bytes.fromhex("0000000000000007"),  # the number in its stream
        bytes.fromhex("0000000000000001"),  # SYN
        bytes.fromhex("8899aabbccddeeff0011223344556677"),  # the id, its halves swapped
        hashlib.sha256(b"ls\r\n").digest(),
        bytes.fromhex("00000001"),  # output
        bytes.fromhex("00000004"),
        b"ls\r\n",
    )
)
kinds = st.sampled_from([frames.INPUT, frames.OUTPUT, frames.ACKNOWLEDGE, frames.CLOSED])


def with_bytes(frame: bytes, at: int, new: bytes) -> bytes:
    return frame[:at] + new + frame[at + len(new) :]


def test_a_frame_written_out_by_hand_is_read() -> None:
    message = decode(LS)

    assert (message.kind, message.payload, message.payload_type) == ("output_stream_data", b"ls\r\n", 1)
    assert (message.sequence, message.flags, message.id) == (7, frames.SYN, ID)


def test_a_frame_is_written_as_by_hand_but_for_the_time() -> None:
    message = Message(
        frames.OUTPUT, b"ls\r\n", payload_type=frames.DATA, sequence=7, flags=frames.SYN, message_id=ID
    )

    written = message.encoded()

    assert (written[:40], written[48:]) == (LS[:40], LS[48:])
    assert int.from_bytes(written[40:48]) > 1_700_000_000_000


def test_ids_are_random_uuids() -> None:
    ids = [UUID(frames.new_uuid()), UUID(bytes=Message(frames.INPUT, b"").id)]

    assert [(each.version, each.variant) for each in ids] == [(4, RFC_4122)] * 2
    assert len({*ids, UUID(frames.new_uuid())}) == 3


def test_a_kind_may_be_padded_with_zeros_too() -> None:
    assert decode(with_bytes(LS, 4, b"output_stream_data".ljust(32, b"\0"))).kind == frames.OUTPUT


def test_an_acknowledgement_names_what_it_is_about() -> None:
    answer = decode(acknowledgement(decode(LS)))

    assert (answer.kind, answer.sequence, answer.flags, answer.payload_type) == ("acknowledge", 0, 3, 0)
    assert json.loads(answer.payload) == {
        "AcknowledgedMessageType": "output_stream_data",
        "AcknowledgedMessageId": "00112233-4455-6677-8899-aabbccddeeff",
        "AcknowledgedMessageSequenceNumber": 7,
        "IsSequentialMessage": True,
    }
    assert frames.acknowledged(answer) == 7


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (b"", "0 bytes"),
        (LS[:119], "119 bytes"),
        (LS[:-1], "announces 4 bytes and has 3"),
        (LS + b"x", "announces 4 bytes and has 5"),
        (with_bytes(LS, 120, b"L"), "digest"),
        (with_bytes(LS, 80, b"\0"), "digest"),
        (with_bytes(LS, 0, struct.pack(">I", 117)), "117 bytes"),
        (with_bytes(LS, 4, b"\xff"), "message type"),
    ],
)
def test_a_broken_frame_says_in_what(frame: bytes, says: str) -> None:
    with pytest.raises(BrokenFrame, match=says):
        decode(frame)


@pytest.mark.parametrize("kind", [frames.START, frames.PAUSE])
def test_news_about_publication_may_be_incomplete(kind: str) -> None:
    frame = with_bytes(bytes(120), 4, kind.encode().ljust(32))

    assert decode(frame).kind == kind


@given(
    kinds,
    st.binary(max_size=2000),
    st.integers(0, 2**32 - 1),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 2**64 - 1),
    st.binary(min_size=16, max_size=16),
)
def test_what_is_written_is_read(
    kind: str, payload: bytes, payload_type: int, sequence: int, flags: int, message_id: bytes
) -> None:
    written = Message(
        kind, payload, payload_type=payload_type, sequence=sequence, flags=flags, message_id=message_id
    )

    assert vars(decode(written.encoded())) == vars(written)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_frame_or_broken(some: bytes) -> None:
    with suppress(BrokenFrame):
        decode(some)


@given(st.integers(0, len(LS) - 1), st.binary(min_size=1, max_size=40))
def test_a_spoiled_frame_is_a_frame_or_broken(at: int, new: bytes) -> None:
    spoiled = with_bytes(LS, at, new)
    try:
        message = decode(spoiled)
    except BrokenFrame:
        return
    if message.kind not in (frames.START, frames.PAUSE):
        assert hashlib.sha256(message.payload).digest() == spoiled[80:112]


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(
        lambda said: json.dumps(said).encode()
    )
)
def test_any_payload_of_an_acknowledgement_is_about_a_number_or_nothing(payload: bytes) -> None:
    assert frames.acknowledged(Message(frames.ACKNOWLEDGE, payload)) is None


def test_json_that_is_nested_too_deeply_says_nothing() -> None:
    assert frames.read_json(b"[" * 100_000) == {}
