"""What a container has printed since the line to it broke: out of the engine's own record of it."""

import socket
import threading
from contextlib import suppress
from typing import Any

from local.docker_driver.engine import FAILURES


def follow_log(client: Any, container: str, known: int) -> socket.socket:
    """Return where it can be read, from that many bytes on, until the container or the engine ends."""
    reading, writing = socket.socketpair()
    threading.Thread(target=_copy, args=(client, container, known, writing), daemon=True).start()
    return reading


def _copy(client: Any, container: str, known: int, writing: socket.socket) -> None:
    with writing, suppress(*FAILURES):
        for part in client.logs(container, stdout=True, stderr=True, stream=True, follow=True):
            writing.sendall(part[known:])
            known = max(0, known - len(part))
