"""The little that servers and agents of sessions ask of an engine, without docker-py.

They ask who it is, what is there, and have it removed; and they run commands on terminals inside a container.
"""

import http.client
import json
import socket
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

ANSWERS_WITHIN = 30.0  # seconds
_CHUNK = 65536
NO_ENGINE = (OSError, http.client.HTTPException, ValueError)


class WantsTls(ValueError):
    def __init__(self) -> None:
        super().__init__("it wants TLS, in which engines are not asked")


def ping(url: str, within: float) -> tuple[str, str]:
    """Return the version of the API that an engine speaks, and what it calls itself. Raise one of NO_ENGINE."""
    answer, content = _ask(url, "GET", "/_ping", within)
    version = answer.getheader("Api-Version")
    if version is None and b"HTTPS" in content:  # so answers what is made of Go, as all engines are
        raise WantsTls
    if version is None:
        raise ValueError(f"it does not speak Docker's API (HTTP status {answer.status})")
    return version, answer.getheader("Server") or ""


def list_labelled(url: str, api_version: str, kind: str, label: str) -> list[dict[str, Any]]:
    """Return the containers or networks (`kind`) with a label. Raise one of NO_ENGINE."""
    wanted = urlencode({"all": "1", "filters": json.dumps({"label": [label]})})
    path = f"/v{api_version}/{kind}{'/json' if kind == 'containers' else ''}?{wanted}"
    answer, content = _ask(url, "GET", path)
    if answer.status != http.client.OK:
        raise ValueError(_complaint(content))
    found: list[dict[str, Any]] = json.loads(content)
    return found


def remove_container(url: str, api_version: str, name: str) -> bool:
    """Kill it if it runs, and remove its own volumes too. Return whether there was one; raise one of NO_ENGINE.

    Podman kills one that is paused, and leaves it there.
    """
    path = f"/v{api_version}/containers/{quote(name)}"
    _ask(url, "POST", f"{path}/unpause")
    answer, _ = _ask(url, "DELETE", f"{path}?force=true&v=true")
    return answer.status < http.client.BAD_REQUEST


def remove_network(url: str, api_version: str, name: str) -> bool:
    """Return whether it is gone by this: an engine keeps one that is in use. Raise one of NO_ENGINE."""
    answer, _ = _ask(url, "DELETE", f"/v{api_version}/networks/{quote(name)}")
    return answer.status < http.client.BAD_REQUEST


def make_exec(url: str, api_version: str, container: str, request: dict[str, Any]) -> str:
    """Return the id of a command that is to run in a container. Raise one of NO_ENGINE."""
    answer, content = _ask(
        url, "POST", f"/v{api_version}/containers/{quote(container)}/exec", json_body=request
    )
    if answer.status != http.client.CREATED:
        raise ValueError(_complaint(content))
    return str(json.loads(content)["Id"])


def start_exec(url: str, api_version: str, exec_id: str, *, tty: bool = True) -> socket.socket:
    """Begin a command, and return the line to it: to its terminal, or to its pipes. Raise one of NO_ENGINE."""
    connection = _Connection(url, ANSWERS_WITHIN)
    connection.connect()
    try:
        _begin(connection.sock, f"/v{api_version}/exec/{exec_id}/start", tty=tty)
    except NO_ENGINE:
        connection.close()
        raise
    return connection.sock


def _begin(line: socket.socket, path: str, *, tty: bool) -> None:
    body = json.dumps({"Detach": False, "Tty": tty}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    line.sendall(head.encode() + body)
    if _head_of_answer(line).split()[1] not in (b"101", b"200"):
        raise ValueError(_complaint(line.recv(_CHUNK)))


def _head_of_answer(line: socket.socket) -> bytes:
    """Take no byte of what follows: whoever waits for the line would not know that it was there."""
    said = b""
    while not said.endswith(b"\r\n\r\n"):
        byte = line.recv(1)
        if not byte:
            raise ConnectionResetError("the engine closed the line")
        said += byte
    return said


def resize_exec(url: str, api_version: str, exec_id: str, columns: int, rows: int) -> None:
    """Raise one of NO_ENGINE."""
    _ask(url, "POST", f"/v{api_version}/exec/{exec_id}/resize?h={rows}&w={columns}")


def exit_code_of_exec(url: str, api_version: str, exec_id: str) -> int | None:
    """Return None while it runs. Raise one of NO_ENGINE."""
    answer, content = _ask(url, "GET", f"/v{api_version}/exec/{exec_id}/json")
    if answer.status != http.client.OK:
        raise ValueError(_complaint(content))
    found = json.loads(content)
    return None if found["Running"] or found["ExitCode"] is None else int(found["ExitCode"])


def run_detached(url: str, api_version: str, container: str, argv: list[str]) -> None:
    """Run a command in a container that nobody hears of again. Raise one of NO_ENGINE."""
    exec_id = make_exec(url, api_version, container, {"Cmd": argv})
    _ask(url, "POST", f"/v{api_version}/exec/{exec_id}/start", json_body={"Detach": True})


def _complaint(content: bytes) -> str:
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return content.decode(errors="replace")[:200]


def _ask(
    url: str, method: str, path: str, within: float = ANSWERS_WITHIN, json_body: dict[str, Any] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = _Connection(url, within)
    body = None if json_body is None else json.dumps(json_body).encode()
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


class _Connection(http.client.HTTPConnection):
    def __init__(self, url: str, within: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("unix", "tcp", "http"):
            raise ValueError("only unix:// and tcp:// are understood")
        if parts.scheme != "unix" and not parts.port:  # docker-py takes none without
            raise ValueError("it names no port, as tcp://HOST:2375 does")
        super().__init__(parts.hostname or "localhost", parts.port, timeout=within)
        self._path = parts.path if parts.scheme == "unix" else None

    def connect(self) -> None:
        if self._path is None:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
