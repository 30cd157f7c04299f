"""What of its machine a container sees: folders and volumes; and which of the engine's networks it is in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from posixpath import normpath
from typing import Self

MOST_MOUNTS = 20
MOST_NETWORKS = 10
LONGEST_MOUNT = 1024
ALONE = ("none", "host")  # networks that go with no other one
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"  # of a volume, and of a network
_ENGINES_SOCKETS = ("docker.sock", "podman.sock", "containerd.sock", "crio.sock")
_WAYS = "write NAME:/path for a volume or /folder:/path for a folder, with :rw after it to write there"


@dataclass(frozen=True)
class Mount:
    """What is seen at `target`: a folder of the machine, a volume by its name, or one of the task's own (None)."""

    source: str | None
    target: str
    is_writable: bool = False

    @classmethod
    def of(cls, text: str) -> Self:
        """Read NAME:/path or /folder:/path, either with :rw or :ro after it or not, or /path; raise ValueError else."""
        if not text.isprintable():
            raise ValueError("has a character in it that nobody can see")
        *before, last = text.split(":")
        mode = last if before and last in ("rw", "ro") else None
        parts = before if mode else [*before, last]
        if len(parts) > 2 or (len(parts) == 1 and mode):
            raise ValueError(f"is no mount; {_WAYS}")
        source = _checked_source(parts[0]) if len(parts) == 2 else None
        return cls(source, _checked_target(parts[-1]), source is None or mode == "rw")

    @property
    def is_folder(self) -> bool:
        return self.source is not None and self.source.startswith("/")

    def __str__(self) -> str:
        if self.source is None:
            return self.target
        return f"{self.source}:{self.target}{':rw' if self.is_writable else ''}"


def problem_with_mounts(mounts: Iterable[Mount]) -> str | None:
    """Return what is wrong with them together."""
    targets = [mount.target for mount in mounts]
    twice = next((target for target in targets if targets.count(target) > 1), None)
    return f"has two things at {twice}; leave one of them out" if twice else None


def problem_with_network(name: str) -> str | None:
    if re.fullmatch(NAME, name):
        return None
    return "is no network; write none, host, or a name as docker network ls shows it"


def _checked_target(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f"does not say where in the container, by an absolute path; {_WAYS}")
    target = _normal(path)
    if target == "/":
        raise ValueError("would hide all that is in the image; name a folder below the container's /")
    return target


def _checked_source(source: str) -> str:
    if not source.startswith("/"):
        if not re.fullmatch(NAME, source):
            raise ValueError(f"begins with neither a volume's name nor an absolute path; {_WAYS}")
        return source
    path = _normal(source)
    if path == "/":
        raise ValueError("would give tasks the whole machine; name the folder that they need")
    if path.rpartition("/")[2] in _ENGINES_SOCKETS:
        raise ValueError(
            "is the engine's own socket: whoever has that has the machine, and no task is given it"
        )
    return path


def _normal(path: str) -> str:
    return "/" + normpath(path).lstrip("/")  # POSIX lets two slashes stay at the beginning
