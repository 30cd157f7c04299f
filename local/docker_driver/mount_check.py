"""What of `mounts=` no container is given: what the socket of an engine, any of them, or of the home is reached by."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from local.docker_driver.engine_addresses import socket_of

HINT = "Name the folder below it that the task needs, or one beside it."
_ALIAS = re.compile(r"^/var(?=/run(/|$))")  # the same folder on nearly every machine, so on others too
_OF_A_PROCESS = re.compile(
    r"^/proc/."
)  # among it are links to the whole machine, which not everybody may read


def socket_in(folder: str, sockets: Iterable[str]) -> str | None:
    """Return the first of them that a folder is or holds, by whatever name."""
    names, identity = _names(folder), _identity(folder)
    for socket in sockets:
        is_above = any(
            os.path.commonpath([name, other]) == name for name in names for other in _names(socket)
        )
        if is_above or (identity is not None and identity in _identities_above(socket)):
            return socket
    return None


def problem_with_socket(what: str, socket: str) -> str:
    whose = "the socket of an engine or of tapit-local"
    return f"{what} is or holds {whose} ({socket}), and whoever has that has the machine"


def problem_with_folders(url: str, folders: Iterable[str], sockets: Iterable[str]) -> str | None:
    """Return what is wrong with the first bad one; an engine that is not of this machine has other folders."""
    for folder in folders:
        if socket_of(url) and _is_missing(folder):
            return f"there is no folder {folder} on this machine, which mounts= names"
        if socket := socket_in(folder, sockets):
            return problem_with_socket(f"{folder} of mounts=", socket)
    return None


def problem_with_volume(volume: Mapping[str, Any], sockets: Iterable[str]) -> str | None:
    """Return what is wrong with one, as its engine describes it: it may be another name of a folder."""
    folders = [(volume.get("Options") or {}).get("device"), volume.get("Mountpoint")]
    for folder in filter(None, folders):
        if folder.startswith("/") and (socket := socket_in(folder, sockets)):
            what = f"the volume {volume['Name']} of mounts= is the folder {folder}, which"
            return problem_with_socket(what, socket)
    return None


def _names(path: str) -> set[str]:
    """Return where it is, where its name is, which may lead elsewhere tomorrow, and what else it is called."""
    plain = os.path.normpath(path)
    if _OF_A_PROCESS.match(plain):
        return {"/"}
    folder, name = os.path.split(plain)
    return {_place(plain), os.path.join(_place(folder), name), _ALIAS.sub("", plain)}


def _place(path: str) -> str:
    try:
        return os.path.realpath(path)
    except OSError:  # a link that we may not read
        return path


def _identities_above(path: str) -> Iterator[tuple[int, int]]:
    """Yield those that one folder has under all its names, mounted elsewhere too."""
    real = Path(_place(path))
    yield from filter(None, map(_identity, map(str, (real, *real.parents))))


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is_missing(folder: str) -> bool:
    """What we may not look at can be there for the engine."""
    try:
        os.stat(folder)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
