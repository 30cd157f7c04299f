"""The little that the server itself asks of an engine, without docker-py: who it is, what is there, and its removal."""

import http.client
import json
import socket
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

ANSWERS_WITHIN = 10.0  # seconds
NO_ENGINE = (OSError, http.client.HTTPException, ValueError)


def ping(url: str, within: float) -> tuple[str, str]:
    """Return the version of the API that an engine speaks, and what it calls itself. Raise one of NO_ENGINE."""
    answer, _ = _ask(url, "GET", "/_ping", within)
    version = answer.getheader("Api-Version")
    if version is None:
        raise ValueError(f"it does not speak Docker's API (HTTP status {answer.status})")
    return version, answer.getheader("Server") or ""


def list_labelled(url: str, api_version: str, kind: str, label: str) -> list[dict[str, Any]]:
    """Return the containers or networks (`kind`) with a label. Raise one of NO_ENGINE."""
    wanted = urlencode({"all": "1", "filters": json.dumps({"label": [label]})})
    path = f"/v{api_version}/{kind}{'/json' if kind == 'containers' else ''}?{wanted}"
    answer, content = _ask(url, "GET", path, ANSWERS_WITHIN)
    if answer.status != http.client.OK:
        raise ValueError(f"HTTP status {answer.status}: {content.decode(errors='replace')[:200]}")
    found: list[dict[str, Any]] = json.loads(content)
    return found


def remove_container(url: str, api_version: str, name: str) -> bool:
    """Kill it if it runs, and remove its own volumes too. Return whether there was one; raise one of NO_ENGINE."""
    path = f"/v{api_version}/containers/{quote(name)}?force=true&v=true"
    answer, _ = _ask(url, "DELETE", path, ANSWERS_WITHIN)
    return answer.status < http.client.BAD_REQUEST


def remove_network(url: str, api_version: str, name: str) -> bool:
    """Return whether it is gone by this: an engine keeps one that is in use. Raise one of NO_ENGINE."""
    answer, _ = _ask(url, "DELETE", f"/v{api_version}/networks/{quote(name)}", ANSWERS_WITHIN)
    return answer.status < http.client.BAD_REQUEST


def _ask(url: str, method: str, path: str, within: float) -> tuple[http.client.HTTPResponse, bytes]:
    connection = _Connection(url, within)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


class _Connection(http.client.HTTPConnection):
    def __init__(self, url: str, within: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("unix", "tcp", "http"):
            raise ValueError("only unix:// and tcp:// are understood")
        super().__init__(parts.hostname or "localhost", parts.port or 2375, timeout=within)
        self._path = parts.path if parts.scheme == "unix" else None

    def connect(self) -> None:
        if self._path is None:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
