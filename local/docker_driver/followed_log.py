"""What a container has printed since the line to it broke: out of the engine's own record of it.

The record is read whole each time. Podman 4.3 can follow it, but then leaves out lines, and not only the last ones,
when its container ends before it has caught up.
"""

import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from local.docker_driver.engine import FAILURES

_SHORTEST_PAUSE = 0.2  # seconds
_PAUSES = 9  # times as long as the reading took


def follow_log(client: Any, container: str, known: int, pause: float = _SHORTEST_PAUSE) -> socket.socket:
    """Return where it can be read, from that many bytes on, until the container or the engine ends."""
    reading, writing = socket.socketpair()
    threading.Thread(target=_copy, args=(client, container, known, writing, pause), daemon=True).start()
    return reading


def _copy(client: Any, container: str, known: int, writing: socket.socket, pause: float) -> None:
    with writing, suppress(*FAILURES):
        is_over = False
        while not is_over:
            is_over = not client.inspect_container(container)["State"]["Running"]
            began = time.monotonic()
            log = client.logs(container, stdout=True, stderr=True, stream=True, follow=False)
            known = _copy_unknown(log if is_over else _without_last_line(log), known, writing)
            if not is_over:
                time.sleep(max(pause, _PAUSES * (time.monotonic() - began)))


def _without_last_line(log: Iterable[bytes]) -> Iterable[bytes]:
    """Leave out what may be half written, to which Podman adds an end."""
    last = b""
    for part in log:
        last += part
        begins = last.rfind(b"\n", 0, -1) + 1
        if begins:
            yield last[:begins]
            last = last[begins:]


def _copy_unknown(log: Iterable[bytes], known: int, writing: socket.socket) -> int:
    """Return how many bytes are known after it."""
    seen = 0
    for part in log:
        writing.sendall(part[max(0, known - seen) :])
        seen += len(part)
    return max(known, seen)
