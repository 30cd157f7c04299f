"""Whether a container ran out of memory: engines do not always say so, and the kernel does.

Podman (conmon 2.1) loses its note of it; Docker's is right where there is one. The container's control group counts
what was killed, if it is one of this machine, and is gone a moment after the container.
"""

import os
from contextlib import suppress

from local.supervisor.memory_kills import VERSION_1, VERSION_2, MemoryKills, memory_kills

_CONTROLLER = ",memory,"


class MemoryEvidence:
    """To be made while the container runs. `pid` is its first process in the engine's eyes, 0 when it is over."""

    def __init__(self, container_id: str, pid: int) -> None:
        self._pid = pid
        self._files = _open_group(container_id, pid) if pid else {}
        self.kills: MemoryKills | None = None

    def look(self, *, is_over: bool = False) -> None:
        """Take the count while it is there: as soon as the container may be over, for before that none says nothing."""
        is_over = is_over or not _is_alive(self._pid)
        with suppress(OSError):  # the group is gone
            read = {name: os.pread(file, 4096, 0).decode() for name, file in self._files.items()}
            kills = memory_kills(read)
            if kills is not None and (is_over or kills.number):
                self.kills = kills


def _open_group(container_id: str, pid: int) -> dict[str, int]:
    """Return the open files that count, by name; a process of that number may be another machine's, and has none."""
    for group in _groups(container_id, pid):
        opened = {}
        for name in (*VERSION_2, *VERSION_1):
            with suppress(OSError):
                opened[name] = os.open(f"{group}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        if opened:
            return opened
    return {}


def _groups(container_id: str, pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/cgroup") as file:
            lines = [line.rstrip("\n").split(":", 2) for line in file]
    except OSError:  # it is over, or the engine is on another machine
        return []
    version_2 = [
        f"/sys/fs/cgroup{_of_container(path, container_id)}" for _, names, path in lines if not names
    ]
    version_1 = [
        f"/sys/fs/cgroup/memory{_of_container(path, container_id)}"
        for _, names, path in lines
        if _CONTROLLER in f",{names},"
    ]
    return [group for group in (*version_1, *version_2) if container_id in group]


def _of_container(path: str, container_id: str) -> str:
    """Return the group that is bounded, in which an engine or the container itself may have made others."""
    before, its_id, after = path.partition(container_id)
    return before + its_id + after.partition("/")[0]


def _is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(") ")[2][:1] not in ("Z", "X")
    except OSError:
        return False
