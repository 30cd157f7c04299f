"""A client of a data channel for tests: it says what it is told, and knows a command's marks."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tapit.session import frames
from tapit.session.reliable_delivery import ReliableDelivery
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import ClientConnection, connect


class DataChannelClient:
    """`output` is all that came, marks included."""

    def __init__(self) -> None:
        self.output = b""
        self.closed = False
        self.closed_because = ""
        self.paused = False
        self._channel = ReliableDelivery(sends=frames.INPUT, receives=frames.OUTPUT)
        self._connection: ClientConnection | None = None

    @contextmanager
    def connected(self, opened: dict[str, Any]) -> Iterator[None]:
        """As the API's answer says it; coming back with a later answer goes on where it was."""
        with connect(
            opened["url"], additional_headers=opened["headers"], compression=None, ping_interval=None
        ) as connection:
            self._connection = connection
            hello = {"MessageSchemaVersion": "1.0", "TokenValue": opened["token"]}
            connection.send(json.dumps(hello | {"RequestId": frames.new_uuid()}))
            self._channel.reconnected(time.monotonic())
            yield

    def begin(self, nonce: str) -> None:
        """Answer the mark that the command waits at."""
        self.read_until(f"tapit-start;{nonce};0".encode())
        self.say(f"{nonce}\r")
        self.read_until(f"tapit-begin;{nonce};0".encode())

    def say(self, text: str) -> None:
        self._channel.send(frames.DATA, text.encode(), time.monotonic())

    def end(self, nonce: str) -> int:
        """Wait for the mark of the command's end, answer it, and return the exit code that it names."""
        exit_code = int(self.read_until(rb"tapit-exit;%s;(\d+)" % nonce.encode())[1])
        self.say(f"{nonce}\r")
        self.wait_for_close()
        return exit_code

    def wait_for_close(self) -> None:
        """Raise ConnectionClosed when the connection ends without a word."""
        self._exchange(lambda: self.closed)

    def wait_for_pause(self) -> None:
        """The service lost the agent, or takes no more from it."""
        self._exchange(lambda: self.paused)

    def read_until(self, pattern: bytes) -> re.Match[bytes]:
        found = self._exchange(lambda: re.search(pattern, self.output))
        assert isinstance(found, re.Match)
        return found

    def _exchange(self, is_enough: Any, seconds: float = 20) -> Any:
        deadline = time.monotonic() + seconds
        while not (found := is_enough()):
            assert time.monotonic() < deadline, self.output
            assert self._connection is not None
            self._resend()
            while self._channel.outbox:
                with suppress(ConnectionClosedOK):  # what it said before is still to be read
                    self._connection.send(self._channel.outbox.popleft())
            with suppress(TimeoutError):
                self._take(self._connection.recv(timeout=0.05))
        return found

    def _resend(self) -> None:
        due, now = self._channel.due_at, time.monotonic()
        if due is not None and now >= due:
            self._channel.resend(now)

    def _take(self, frame: str | bytes) -> None:
        assert isinstance(frame, bytes)
        message = frames.decode(frame)
        if message.kind == frames.CLOSED:
            self.closed = True
            self.closed_because = str(frames.read_json(message.payload)["Output"])
        self.paused = message.kind == frames.PAUSE
        for each in self._channel.receive(message, time.monotonic()):
            self.output += each.payload
