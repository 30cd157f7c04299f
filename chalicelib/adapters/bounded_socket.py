"""A connection on which no wait outlasts one common deadline, however slowly the other side drips.

Nor is there an end to how much may come: http.client believes a chunk that says that it is -1 bytes long.
"""

import io
import socket
import time

LARGEST_HEAD = 32 * 1024  # bytes, the interim answers (100 Continue) before it counted
LARGEST_REST = 256 * 1024  # bytes of what follows the head, the lengths of its chunks counted


class TooLong(Exception):
    """More was said than is read."""

    def __init__(self) -> None:
        super().__init__(
            f"its answer is too long: {LARGEST_HEAD // 1024} KiB of headers are read, and"
            f" {LARGEST_REST // 1024} KiB of what follows them"
        )


class Deadline:
    """A number of seconds from now, by a clock that never jumps."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return how many seconds are left, or raise TimeoutError when none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class BoundedSocket:
    """A connected socket, as far as http.client uses one: it raises TimeoutError once the deadline has passed.

    A socket's own time-out begins anew with every byte that comes. Of a head and of what follows it only so much is
    read, then it raises TooLong; `head_is_read` says where the one ends.
    """

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline
        self._left = LARGEST_HEAD

    def sendall(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            self._socket.settimeout(self._deadline.left())
            rest = rest[self._socket.send(rest) :]

    def head_is_read(self) -> None:
        self._left = LARGEST_REST

    def recv_into(self, buffer: memoryview) -> int:
        if not self._left:
            raise TooLong
        self._socket.settimeout(self._deadline.left())
        read = self._socket.recv_into(buffer[: self._left])
        self._left -= read
        return read

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Leave it to whoever opened it: http.client closes before it has read the last answer."""


class _Reader(io.RawIOBase):
    def __init__(self, bounded: BoundedSocket) -> None:
        self._bounded = bounded

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # the one kind that comes here
        return self._bounded.recv_into(buffer)
