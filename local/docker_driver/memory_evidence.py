"""Whether a container ran out of memory: engines do not always say so, and the kernel does.

Podman (conmon 2.1) loses its note of it; Docker's is right where there is one. The container's control group counts
what was killed, if it is one of this machine, and is gone a moment after the container. On a busy machine nobody may
have looked by then; in version 1 the kernel has said so all the same to who asked for it before.
"""

import os
import sys
import time
from contextlib import suppress

from local.docker_driver.init_process import is_alive
from local.supervisor.memory_kills import VERSION_1, VERSION_2, MemoryKills, memory_kills

_CONTROLLER = ",memory,"
_NOTICES, _ASKED_FOR = "memory.oom_control", "cgroup.event_control"
_LAST_NOTICE_WITHIN = 0.2  # seconds of the group's end


class MemoryEvidence:
    """To be made while the container runs. `pid` is its first process in the engine's eyes, 0 when it is over."""

    def __init__(self, container_id: str, pid: int) -> None:
        self._pid = pid
        self._group, self._files = _open_group(container_id, pid) if pid else ("", {})
        self._notices = _ask_for_notices(self._group, self._files)
        self.kills: MemoryKills | None = None

    def look(self, *, is_over: bool = False) -> None:
        """Take the count while it is there: as soon as the container may be over, for before that none says nothing."""
        is_over = is_over or not is_alive(self._pid)
        with suppress(OSError):  # the group is gone
            read = {name: os.pread(file, 4096, 0).decode() for name, file in self._files.items()}
            kills = memory_kills(read)
            if kills is not None and (is_over or kills.number):
                self.kills = kills

    def look_back(self) -> None:
        """Where the group went before anybody saw its count: one notice was of its end, and others of its want."""
        if self.kills is not None or self._notices is None:
            return
        noticed, patience = 0, time.monotonic() + _LAST_NOTICE_WITHIN
        while noticed < 2 and time.monotonic() < patience:
            with suppress(BlockingIOError):
                noticed += int.from_bytes(os.read(self._notices, 8), sys.byteorder)
            time.sleep(_LAST_NOTICE_WITHIN / 20)
        if noticed > 1:
            self.kills = MemoryKills(1, met_limit=True)


def _open_group(container_id: str, pid: int) -> tuple[str, dict[str, int]]:
    """Return the group, and its open files that count; a process of that number may be another machine's: none."""
    for group in _groups(container_id, pid):
        opened = {}
        for name in (*VERSION_2, *VERSION_1):
            with suppress(OSError):
                opened[name] = os.open(f"{group}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        if opened:
            return group, opened
    return "", {}


def _ask_for_notices(group: str, files: dict[str, int]) -> int | None:
    """Return a counter, which outlives the group; None in version 2, and where the kernel refuses."""
    if _NOTICES not in files:
        return None
    try:
        notices = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        asking = os.open(f"{group}/{_ASKED_FOR}", os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        os.write(asking, f"{notices} {files[_NOTICES]}".encode())
    except OSError:
        return None
    finally:
        os.close(asking)
    return notices


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
