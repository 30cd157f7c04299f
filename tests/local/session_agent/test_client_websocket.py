"""What a client said before it went is heard, whatever it would not take any more."""

import socket
from collections.abc import Iterator

import pytest
from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from local.session_agent.client_websocket import GOODBYE, ClientWebSocket


class Client:
    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self.seen = ClientWebSocket(theirs, 0.0)
        self._protocol = ClientProtocol(parse_uri("ws://localhost/session"))
        self._protocol.send_request(self._protocol.connect())
        self._send()
        self.seen.receive()
        self._protocol.receive_data(self._socket.recv(4096))
        self._protocol.events_received()

    def hangs_up(self, code: int | None) -> None:
        if code is not None:
            self._protocol.send_close(code)
            self._send()
        self._socket.close()

    def _send(self) -> None:
        self._socket.sendall(b"".join(self._protocol.data_to_send()))


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    yield made
    made.hangs_up(None)
    made.seen.drop()


@pytest.mark.parametrize("code", [GOODBYE, None])
def test_a_goodbye_is_heard_from_who_has_hung_up_with_output_on_its_way(
    client: Client, code: int | None
) -> None:
    client.seen.send(b"on its way")
    client.hangs_up(code)
    client.seen.send(b"too late")
    client.seen.flush()

    while not client.seen.is_gone:
        client.seen.receive()

    assert client.seen.said_goodbye == (code == GOODBYE)
