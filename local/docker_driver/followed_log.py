"""What a container has printed since the line to it broke: out of the engine's own record of it."""

import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from local.docker_driver.engine import FAILURES


def follow_log(client: Any, container: str, known: int) -> socket.socket:
    """Return where it can be read, from that many bytes on, until the container or the engine ends."""
    reading, writing = socket.socketpair()
    threading.Thread(target=_copy, args=(client, container, known, writing), daemon=True).start()
    return reading


def _copy(client: Any, container: str, known: int, writing: socket.socket) -> None:
    """Podman that follows may miss what was printed last (one of 20, on a busy machine); its record has it all."""
    with writing, suppress(*FAILURES):
        for follow in (True, False):
            log = client.logs(container, stdout=True, stderr=True, stream=True, follow=follow)
            known = _copy_unknown(log, known, writing)


def _copy_unknown(log: Iterable[bytes], known: int, writing: socket.socket) -> int:
    """Return how many bytes are known after it."""
    seen = 0
    for part in log:
        writing.sendall(part[max(0, known - seen) :])
        seen += len(part)
    return max(known, seen)
