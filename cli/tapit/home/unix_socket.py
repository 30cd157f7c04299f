"""HTTP to a home on this machine, through a socket that only its owner can open."""

import http.client
import os
import socket

from tapit.errors import CliError, UsageError


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        if not path.startswith("/"):
            raise UsageError(
                f"unix:{path} is not the address of a home", "It looks like unix:/path/to/api.sock."
            )
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        refuse_open_folder(self._path)
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(self.timeout)
            connection.connect(self._path)
        except BaseException:
            connection.close()
            raise
        self.sock = connection


def state_of(url: str) -> str:
    """The folder that a home keeps everything in; where its path is too long for a socket, a link leads to it."""
    folder = os.path.dirname(url.removeprefix("unix:"))
    try:
        return os.readlink(os.path.join(folder, "of"))
    except OSError:
        return folder


def port_of(url: str) -> str | None:
    """The address by which others on this machine reach the same home, with tokens; None where it has none."""
    import json

    try:
        with open(os.path.join(state_of(url), "server.json"), encoding="utf-8") as file:
            found = json.load(file).get("tcp_url")
    except (OSError, ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def refuse_open_folder(path: str) -> None:
    """Where others can put a socket, the one that answers may be theirs."""
    folder = os.path.dirname(path)
    found = os.stat(folder)
    if found.st_uid == os.geteuid() and not found.st_mode & 0o022:
        return
    raise CliError(
        f"{folder} is not yours alone",
        "Others can put a socket there, and would be told all that is sent to it.",
        "as whose home it is, or with a folder of your own: tapit-local --state DIR",
    )
