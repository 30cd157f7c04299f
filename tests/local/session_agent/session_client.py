"""A client of sessions for tests: the real wire format over a real WebSocket, and none of the command line's code."""

import json
import os
import socket
import time
from typing import Any
from urllib.parse import unquote_to_bytes

from tapit.session import frames
from tapit.session.frames import Message
from tapit.session.reliable_delivery import LOOK_EVERY, ReliableDelivery
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect, unix_connect

from chalicelib.ports import DataChannel
from tests.local.supervisor.supervised_task import GENEROUS


def reach(url: str, **options: Any) -> ClientConnection:
    """Connect to where a local session is, or to a road to it, as nothing of the command line does it."""
    if url.startswith("ws:"):
        connection: ClientConnection = connect(url, compression=None, proxy=None, **options)
        return connection
    path, asked = split(url)
    there: ClientConnection = unix_connect(
        os.fsdecode(path), f"ws://localhost{asked}", compression=None, **options
    )
    return there


def split(url: str) -> tuple[bytes, str]:
    """Return the socket, and what is asked for there."""
    scheme, path, asked = url.split(":")
    assert scheme == "unix"
    return unquote_to_bytes(path), asked


class SessionClient:
    """Acknowledges what comes while it waits for something; otherwise it does not even read."""

    def __init__(self, channel: DataChannel) -> None:
        self.output = bytearray()
        self.last_words: dict[str, Any] | None = None
        self.close_code: int | None = None
        self.asked: list[Message] = []
        self._channel = ReliableDelivery(sends=frames.INPUT, receives=frames.OUTPUT)
        self._connection = self._connect(channel)

    @property
    def socket(self) -> socket.socket:
        return self._connection.socket

    def types(self, data: bytes) -> None:
        for at in range(0, len(data), 1024):
            self._channel.send(frames.DATA, data[at : at + 1024], time.monotonic())
        self._flush()

    def says(self, payload_type: int, payload: bytes) -> None:
        self._channel.send(payload_type, payload, time.monotonic())
        self._flush()

    def resizes(self, columns: int, rows: int) -> None:
        self.says(frames.SIZE, json.dumps({"cols": columns, "rows": rows}).encode())

    def sends_raw(self, frame: bytes | str) -> None:
        self._connection.send(frame)

    def sees(self, text: bytes) -> bytearray:
        """Wait until the output holds the text, and return all of it."""
        self._go_on(lambda: text in self.output)
        assert text in self.output, (self.output[-500:], self.last_words, self.close_code)
        return self.output

    def sees_bytes(self, count: int) -> bytearray:
        self._go_on(lambda: len(self.output) >= count)
        assert len(self.output) >= count, (len(self.output), self.last_words, self.close_code)
        return self.output

    def is_asked(self, payload_type: int) -> Message:
        """Wait for a message that is no output."""
        self._go_on(lambda: any(message.payload_type == payload_type for message in self.asked))
        return next(message for message in self.asked if message.payload_type == payload_type)

    def sees_the_end(self) -> dict[str, Any]:
        """Wait for the agent's last words."""
        self._go_on(lambda: False)
        assert self.last_words is not None, (self.output[-500:], self.close_code)
        return self.last_words

    def is_turned_away(self) -> int | None:
        """Wait until the agent closes the connection, and return the code."""
        self._go_on(lambda: False)
        return self.close_code

    def vanishes(self) -> None:
        """Lose the connection without a goodbye."""
        self._connection.socket.shutdown(socket.SHUT_RDWR)
        self._connection.socket.close()

    def leaves(self) -> None:
        self._connection.close()

    def comes_back(self, channel: DataChannel) -> None:
        self.close_code = None
        self._connection = self._connect(channel)
        self._channel.reconnected(time.monotonic())
        self._flush()

    def _connect(self, channel: DataChannel) -> ClientConnection:
        connection = reach(
            channel.url, additional_headers=channel.headers, max_size=None, ping_interval=None, legacy=True
        )
        connection.send(
            json.dumps(
                {
                    "MessageSchemaVersion": "1.0",
                    "RequestId": frames.new_uuid(),
                    "TokenValue": channel.token,
                    "ClientId": frames.new_uuid(),
                    "ClientVersion": "1.2.800.0",
                }
            )
        )
        return connection

    def _go_on(self, is_enough: Any) -> None:
        deadline = time.monotonic() + GENEROUS
        while not is_enough() and self.close_code is None and time.monotonic() < deadline:
            try:
                frame = self._connection.recv(timeout=LOOK_EVERY)
            except TimeoutError:
                self._channel.resend(time.monotonic())
            except ConnectionClosed as closed:
                self.close_code = closed.rcvd.code if closed.rcvd else 1006
            else:
                assert isinstance(frame, bytes)
                self._take(frames.decode(frame))
            self._flush()

    def _take(self, message: Message) -> None:
        if message.kind == frames.CLOSED:
            self.last_words = json.loads(message.payload)
        for ready in self._channel.receive(message, time.monotonic()):
            if ready.payload_type == frames.DATA:
                self.output += ready.payload
            else:
                self.asked.append(ready)

    def _flush(self) -> None:
        outbox = self._channel.outbox
        while outbox and self.close_code is None:
            try:
                self._connection.send(outbox.popleft())
            except ConnectionClosed:  # reading will say how
                return
