"""Whether a container ran out of memory: engines do not always say so, and the kernel does.

Podman (conmon 2.1) loses its note of it; Docker's is right where there is one. The container's control group counts
what was killed, if it is one of this machine, and is gone a moment after the container.
"""

import os
from contextlib import suppress

_CONTROLLER = ",memory,"


class MemoryEvidence:
    """To be made while the container runs. `pid` is its first process in the engine's eyes, 0 when it is over."""

    def __init__(self, container_id: str, pid: int) -> None:
        self._file = _open_count(container_id, pid) if pid else None
        self.kills = 0

    def look(self) -> None:
        """Take the count while it is there: best as soon as the container may be over."""
        if self._file is None:
            return
        with suppress(OSError):  # the group is gone
            lines = os.pread(self._file, 4096, 0).decode().splitlines()
            self.kills = sum(int(line.partition(" ")[2]) for line in lines if line.startswith("oom_kill "))


def _open_count(container_id: str, pid: int) -> int | None:
    """A process of that number may be another machine's; then the group here is somebody else's."""
    for group in _groups(pid):
        if container_id not in group:
            continue
        with suppress(OSError):
            return os.open(group, os.O_RDONLY | os.O_CLOEXEC)
    return None


def _groups(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/cgroup") as file:
            lines = [line.rstrip("\n").split(":", 2) for line in file]
    except OSError:  # it is over, or the engine is on another machine
        return []
    version_2 = [f"/sys/fs/cgroup{path}/memory.events" for _, controllers, path in lines if not controllers]
    version_1 = [
        f"/sys/fs/cgroup/memory{path}/memory.oom_control"
        for _, controllers, path in lines
        if _CONTROLLER in f",{controllers},"
    ]
    return [*version_1, *version_2]
