"""Ports that stay free until they are used, or used again."""

import random
import socket
from contextlib import suppress

# Below those that systems hand out by themselves, to whoever connects or asks for any: one that was free a moment ago
# is somebody's a moment later.
CHOSEN = range(20_000, 30_000)


def free_port() -> int:
    """Return one of this machine's on which nobody listens."""
    while True:
        port = random.choice(CHOSEN)
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
