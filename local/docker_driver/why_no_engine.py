"""Why an engine cannot be used that is named or found, and what to do about it."""

import os
import pwd
from grp import getgrgid
from pathlib import Path

from local.docker_driver.engine_addresses import socket_of
from local.docker_driver.engine_requests import WantsTls

OLDEST_API = (1, 40)  # Docker 19.03, Podman 3
_FORWARD = (
    "Forward its socket, and name that: ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock HOST, with "
    "DOCKER_HOST=unix:///tmp/engine.sock"
)


class TooOld(ValueError):
    def __init__(self, version: str) -> None:
        oldest = ".".join(map(str, OLDEST_API))
        super().__init__(
            f"it speaks version {version} of the API, and {oldest} is the oldest that can be used"
        )


def in_words(url: str, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "you may not use it"
    if isinstance(error, TimeoutError):
        return "it takes connections, and does not answer"
    if _scheme(url) == "ssh":
        return "engines are asked by unix:// and tcp://, and not by ssh"
    return error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)


def advice(url: str, error: Exception) -> str | None:
    """Return None where it is the same as if there was none."""
    if isinstance(error, PermissionError):
        return _how_to_be_let_in(socket_of(url))
    if isinstance(error, TooOld):
        return "Update it, or name another one by DOCKER_HOST"
    if isinstance(error, TimeoutError):
        return "See whether it answers others (docker info, podman info), and start it anew if not"
    if isinstance(error, WantsTls) or _scheme(url) in ("ssh", "https"):
        return _FORWARD
    return None


def _scheme(url: str) -> str:
    return url.partition("://")[0]


def _how_to_be_let_in(path: str | None) -> str:
    """Distributions let a group use Docker's socket, and nobody else."""
    group = None if path is None else _group_that_may(path)
    if group is None:
        return (
            "Start tapit-local as the user whose it is, or an engine of your own: systemctl --user enable --now "
            "podman.socket"
        )
    return f"Join the group that may, and log in anew: sudo usermod -aG {group} {_user()}"


def _group_that_may(path: str) -> str | None:
    try:
        socket = Path(path).stat()
        name = getgrgid(socket.st_gid).gr_name
    except (OSError, KeyError):
        return None
    return name if socket.st_mode & 0o020 and name != "root" else None


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
