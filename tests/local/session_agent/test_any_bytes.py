"""Whatever a client of a session's agent sends, it is a message, or the client is heard no more."""

import socket

from hypothesis import example, given
from hypothesis import strategies as st

from local.session_agent.client_websocket import ClientWebSocket

UPGRADE = (
    b"GET /x HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@given(
    st.sampled_from([b"", UPGRADE, UPGRADE[:40]]), st.lists(st.binary(min_size=1, max_size=40), max_size=4)
)
@example(b"", [b"GET /\xff HTTP/1.1\r\n\r\n"])
@example(b"", [UPGRADE.replace(b"13", b"9" * 5000)])
@example(UPGRADE, [b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"])
@example(UPGRADE, [b"\x88\x81\x00\x00\x00\x00\x03"])
@example(UPGRADE, [b"\x81\x81\x00\x00\x00\x00\xff"])
def test_any_bytes(first: bytes, parts: list[bytes]) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        client = ClientWebSocket(ours, 0.0)
        for part in [first, *parts]:
            if not client.is_gone:
                theirs.sendall(part)
                client.receive()
                client.flush()
        theirs.close()
        client.receive()
        client.drop()
