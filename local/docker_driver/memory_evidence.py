"""Whether a container ran out of memory: engines do not always say so, and the kernel does.

Podman (conmon 2.1) loses its note of it; Docker's is right where there is one. The container's control group counts
what was killed, if it is one of this machine, and is gone a moment after the container.
"""

import os

_CONTROLLER = ",memory,"


class MemoryEvidence:
    """To be made while the container runs. `pid` is its first process, as the engine knows it: 0 when it is over."""

    def __init__(self, pid: int) -> None:
        self._file = _open_count(pid) if pid else None

    def was_out_of_memory(self, engine_says: bool) -> bool:  # noqa: FBT001
        """Judge a container that ended by SIGKILL, had a limit, and was not killed by us."""
        kills = self._kills()
        return engine_says or kills is None or kills > 0

    def _kills(self) -> int | None:
        """Return None when nobody knows."""
        if self._file is None:
            return None
        try:
            lines = os.pread(self._file, 4096, 0).decode().splitlines()
        except OSError:  # the group is gone
            return None
        counts = (line.partition(" ")[2] for line in lines if line.startswith("oom_kill "))
        return next((int(count) for count in counts), None)


def _open_count(pid: int) -> int | None:
    for path in _paths(pid):
        try:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue
    return None


def _paths(pid: int) -> list[str]:
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
