"""Whether an engine answers."""

import socket
from contextlib import closing
from urllib.parse import urlsplit

PING = b"GET /_ping HTTP/1.0\r\nHost: engine\r\n\r\n"


def answers(host: str) -> bool:
    """Say whether somebody there speaks Docker's API. `host` is as in DOCKER_HOST: unix:///path or tcp://name:port."""
    try:
        with closing(_connect(host)) as connection:
            connection.sendall(PING)
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


def _connect(host: str) -> socket.socket:
    address = urlsplit(host)
    if address.scheme != "unix":
        return socket.create_connection((address.hostname or "", address.port or 2375), timeout=5)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(5)
    try:
        connection.connect(address.path)
    except OSError:
        connection.close()
        raise
    return connection
