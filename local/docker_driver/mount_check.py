"""What of `mounts=` no container is given, as only the engine in use and this machine can tell."""

import os
from collections.abc import Iterable
from urllib.parse import urlsplit

_USUAL_SOCKETS = ("/var/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock")


def problem_with_folders(url: str, folders: Iterable[str]) -> str | None:
    """Return None for an engine that is not reached by a socket of this machine: its folders may be another's."""
    address = urlsplit(url)
    if address.scheme != "unix":
        return None
    sockets = [os.path.realpath(path) for path in (address.path, *_USUAL_SOCKETS)]
    return next((problem for folder in folders if (problem := _problem(folder, sockets))), None)


def _problem(folder: str, sockets: Iterable[str]) -> str | None:
    if _is_missing(folder):
        return f"there is no folder {folder} on this machine, which mounts= names"
    real = os.path.realpath(folder)
    if any(os.path.commonpath([real, socket]) == real for socket in sockets):
        return f"{folder} of mounts= is or holds an engine's socket, and whoever has that has the machine"
    return None


def _is_missing(folder: str) -> bool:
    """What we may not look at can be there for the engine."""
    try:
        os.stat(folder)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
