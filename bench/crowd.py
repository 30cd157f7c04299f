"""Many clients that follow tasks, in a process of their own: `python -I crowd.py` reads a Crowd and prints what it saw.

Each asks for more of a task's output and waits for it, as `tapit logs --follow` does, over the owner's socket.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field

END_OF_HEADERS = b"\r\n\r\n"
LENGTH = b"content-length:"
FIRST_LINES = 3.0  # seconds after which everybody has arrived, and lateness counts


@dataclass(frozen=True)
class Crowd:
    """`tasks` maps a task's id to how many follow it; what they print are times, in seconds since the epoch."""

    path: str
    tasks: dict[str, int]
    seconds: float


@dataclass
class Seen:
    """How late lines came, in seconds, and how many answers there were in all."""

    lateness: list[float] = field(default_factory=list)
    answers: int = 0


class CrowdProcess:
    """Follows until it is asked what it saw."""

    def __init__(self, crowd: Crowd) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(crowd)))
        self._process.stdin.close()

    def seen(self) -> Seen:
        assert self._process.stdout is not None
        told = self._process.stdout.read()
        self._process.wait()
        return Seen(**json.loads(told))


class _Follower:
    def __init__(self, path: str, task_id: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self._task_id = task_id
        self._received = b""
        self._query = "wait=20"
        self.ask()

    def ask(self) -> None:
        self.socket.sendall(
            f"GET /tasks/{self._task_id}/logs?{self._query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        )

    def take(self) -> list[str] | None:
        """Return the lines of an answer once all of it is here."""
        self._received += self.socket.recv(1 << 18)
        head, found, body = self._received.partition(END_OF_HEADERS)
        if not found or len(body) < _length(head):
            return None
        self._received = b""
        page = json.loads(body)
        self._query = f"wait=20&cursor={page['next']}&revision={page['revision']}"
        return [line["message"] for line in page["items"]]


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(LENGTH):
            return int(line[len(LENGTH) :])
    raise RuntimeError(head.decode(errors="replace"))


def _follow(crowd: Crowd) -> Seen:
    seen, waiting = Seen(), selectors.DefaultSelector()
    for task_id, count in crowd.tasks.items():
        for _ in range(count):
            follower = _Follower(crowd.path, task_id)
            waiting.register(follower.socket, selectors.EVENT_READ, follower)
    began = time.time()
    while time.time() < began + crowd.seconds:
        for key, _ in waiting.select(timeout=0.1):
            lines = key.data.take()
            if lines is None:
                continue
            now = time.time()
            seen.answers += 1
            seen.lateness += [now - float(line) for line in lines if float(line) > began + FIRST_LINES]
            key.data.ask()
    return seen


if __name__ == "__main__":
    print(json.dumps(asdict(_follow(Crowd(**json.load(sys.stdin))))))
