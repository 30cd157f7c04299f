"""A load generator in a process of its own, as light as Python allows, so that the server has the processor.

Every connection has one request under way at a time, and requests are made before the clock starts.
"""

import json
import select
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field

LONGEST = 1 << 18
END_OF_HEADERS = b"\r\n\r\n"
LENGTH = b"content-length:"


@dataclass(frozen=True)
class Load:
    """Requests to send; with `seconds` they are sent again and again until the time is up, else once each."""

    port: int
    requests: list[str]
    connections: int = 1
    seconds: float | None = None


@dataclass
class Outcome:
    """How many answers came in how many seconds, and what was said by those that were no success."""

    answers: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.answers / self.seconds


def put(load: Load) -> Outcome:
    """Run the load in its own process, and return what came of it; raise when an answer was no success."""
    done = subprocess.run(
        [sys.executable, "-I", __file__],
        input=json.dumps(asdict(load)),
        text=True,
        capture_output=True,
        check=True,
    )
    outcome = Outcome(**json.loads(done.stdout))
    if outcome.failures:
        raise RuntimeError(f"{len(outcome.failures)} requests failed: {outcome.failures[0]}")
    return outcome


def request(method: str, path: str, token: str, body: str = "", *, headers: str = "") -> str:
    """Return a request as it goes over the wire."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        f"Content-Length: {len(body.encode())}",
    ]
    return "\r\n".join(lines) + f"\r\n{headers}\r\n{body}"


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def take(self) -> bytes | None:
        """Return the answer if all of it is here."""
        self._received += self.socket.recv(LONGEST)
        head, found, body = self._received.partition(END_OF_HEADERS)
        if not found or len(body) < _length(head):
            return None
        answer, self._received = self._received, b""
        return answer


class _Generator:
    def __init__(self, load: Load) -> None:
        self._load = load
        self._requests = deque(text.encode() for text in load.requests)
        self._connections = [_Connection(load.port) for _ in range(load.connections)]
        self._by_number = {each.socket.fileno(): each for each in self._connections}
        self._poller = select.poll()
        self._outcome = Outcome()
        self._under_way = 0

    def run(self) -> Outcome:
        began = time.perf_counter()
        self._end_at = began + (self._load.seconds or float("inf"))
        for connection in self._connections:
            self._poller.register(connection.socket, select.POLLIN)
            self._send(connection)
        while self._under_way:
            for number, _ in self._poller.poll():
                self._receive(self._by_number[number])
        self._outcome.seconds = time.perf_counter() - began
        return self._outcome

    def _send(self, connection: _Connection) -> None:
        if not self._requests or time.perf_counter() >= self._end_at:
            return
        content = self._requests[0]
        if self._load.seconds is None:
            self._requests.popleft()
        else:
            self._requests.rotate(-1)
        connection.socket.sendall(content)
        self._under_way += 1

    def _receive(self, connection: _Connection) -> None:
        answer = connection.take()
        if answer is None:
            return
        self._under_way -= 1
        self._outcome.answers += 1
        if not answer.startswith(b"HTTP/1.1 20"):
            self._outcome.failures.append(answer.decode(errors="replace"))
        self._send(connection)


def _length(head: bytes) -> int:
    at = head.lower().index(LENGTH) + len(LENGTH)
    return int(head[at:].split(b"\r\n", 1)[0])


if __name__ == "__main__":
    print(json.dumps(asdict(_Generator(Load(**json.loads(sys.stdin.read()))).run())))
