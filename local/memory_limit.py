"""Keeps a task within its memory: by a control group where one can be made, else by looking often."""

# pathlib would cost every supervisor 10 ms and 1 MB.
# ruff: noqa: PTH102, PTH106, PTH110, PTH120

import math
import os
import select

from local import process_tree

_MOUNT = "/sys/fs/cgroup"
_PARENT = "tapit"
# What a busy process can fill at most; the next look comes before the rest could be full, within bounds.
_BYTES_PER_SECOND = 4 << 30
_SOONEST_LOOK = 0.1
_LATEST_LOOK = 1.0
_FIRST_LOOK_FOR_A_KILL = 0.001


class MemoryGroup:
    """A control group (either version) that holds one task."""

    def __init__(self, path: str) -> None:
        self.path = path

    @property
    def entrance(self) -> str:
        return f"{self.path}/cgroup.procs"

    def limit(self, limit_bytes: int) -> None:
        """Swap is not extra room: a task on ECS has none."""
        if os.path.exists(f"{self.path}/memory.max"):
            _write(f"{self.path}/memory.max", limit_bytes)
            _write_if_there(f"{self.path}/memory.swap.max", 0)
            _write_if_there(f"{self.path}/memory.oom.group", 1)
        else:
            _write(f"{self.path}/memory.limit_in_bytes", limit_bytes)
            _write_if_there(f"{self.path}/memory.memsw.limit_in_bytes", limit_bytes)

    def oom_kills(self) -> int:
        """Return how many of its processes the kernel killed for want of memory."""
        for name in ("memory.events", "memory.oom_control"):
            for line in _read(f"{self.path}/{name}").splitlines():
                key, _, value = line.partition(" ")
                if key == "oom_kill":
                    return int(value)
        return 0

    def members(self) -> list[int]:
        return [int(pid) for pid in _read(self.entrance).split()]

    def remove(self) -> bool:
        """Return False while the kernel still counts a process in it; a missing group is removed."""
        _remove_if_empty(self.path)
        _remove_if_empty(os.path.dirname(self.path))
        return not os.path.exists(self.path)


def make_group(task_id: str, limit_bytes: int) -> MemoryGroup | None:
    """Return a group with that limit, or None where this user may not make one."""
    for home in _homes():
        group = MemoryGroup(f"{home}/{_PARENT}/{task_id}")
        try:
            _prepare(home, group)
            group.limit(limit_bytes)
        except OSError:
            group.remove()
            continue
        return group
    return None


def find_group(task_id: str) -> MemoryGroup | None:
    """Return the group a task has, or had before its supervisor was killed."""
    groups = (MemoryGroup(f"{home}/{_PARENT}/{task_id}") for home in _homes())
    return next((group for group in groups if os.path.exists(group.path)), None)


class MemoryWatch:
    """Looks at the memory of a whole process tree, more often the nearer it is to its limit."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self.due_at = 0.0

    def is_over(self, processes: list[int], now: float) -> bool:
        used = process_tree.resident_bytes(processes)
        pause = (self._limit - used) / _BYTES_PER_SECOND
        self.due_at = now + min(max(pause, _SOONEST_LOOK), _LATEST_LOOK)
        # Forks share most of their pages, so only the exact figure condemns a task.
        return used > self._limit and process_tree.proportional_bytes(processes) > self._limit


class GroupWatch:
    """Learns from the kernel that it killed a process of the group; a task is killed as a whole."""

    def __init__(self, group: MemoryGroup) -> None:
        self._group = group
        self._pause = _FIRST_LOOK_FOR_A_KILL
        self.event = select.POLLPRI
        self.source = _open_events(group.path)
        if self.source is None:
            self.event = select.POLLIN
            self.source = _open_oom_notices(group.path)
        self.due_at = 0.0 if self.source is None else math.inf

    def hear(self, now: float) -> None:
        """Take note of an event, which comes a little before the kill, and also for a group above ours."""
        assert self.source is not None
        if self.event == select.POLLPRI:
            os.lseek(self.source, 0, os.SEEK_SET)
        os.read(self.source, 4096)
        self._pause = _FIRST_LOOK_FOR_A_KILL
        self.due_at = now

    def is_over(self, _: list[int], now: float) -> bool:
        if self.source is None:
            self.due_at = now + _LATEST_LOOK
        else:
            self.due_at = now + self._pause if self._pause < _LATEST_LOOK else math.inf
            self._pause *= 2
        return self._group.oom_kills() > 0


def _homes() -> list[str]:
    """Return the existing groups below which ours may be made, the best first."""
    groups = _own_groups()
    if "memory" in groups:
        # A container may see the path its host knows, while its own mount begins at that group.
        places = [f"{_MOUNT}/memory{groups['memory'].rstrip('/')}", f"{_MOUNT}/memory"]
    elif "" in groups:
        # In version 2 a group that holds processes cannot be divided, so its neighbourhood is tried as well.
        own = f"{_MOUNT}{groups[''].rstrip('/')}"
        places = [own, os.path.dirname(own)] if own != _MOUNT else [own]
    else:
        places = []
    return [place for place in places if os.access(place, os.W_OK)]


def _own_groups() -> dict[str, str]:
    """Return this process's group per controller; version 2 goes by the empty name."""
    lines = (line.split(":", 2) for line in _read("/proc/self/cgroup").splitlines())
    return {controller: path for _, controllers, path in lines for controller in controllers.split(",")}


def _prepare(home: str, group: MemoryGroup) -> None:
    parent = os.path.dirname(group.path)
    is_version_2 = os.path.exists(f"{home}/cgroup.controllers")
    if is_version_2:
        _divide(home)
    _make(parent)
    if is_version_2:
        _divide(parent)
    try:
        _make(group.path)
    except FileNotFoundError:  # another task's end removed the empty parent in between
        _make(parent)
        _make(group.path)


def _divide(path: str) -> None:
    """Have version 2 count memory for each group below this one."""
    if "memory" not in _read(f"{path}/cgroup.subtree_control").split():
        _write(f"{path}/cgroup.subtree_control", "+memory")


def _make(path: str) -> None:
    try:
        os.mkdir(path)
    except FileExistsError:
        return


def _open_events(group: str) -> int | None:
    """Version 2: the file is polled itself, and is armed by being read."""
    try:
        events = os.open(f"{group}/memory.events", os.O_RDONLY | os.O_CLOEXEC)
        os.read(events, 4096)
    except OSError:
        return None
    return events


def _open_oom_notices(group: str) -> int | None:
    """Version 1: a descriptor that becomes readable when the group has run out of memory."""
    try:
        control = os.open(f"{group}/memory.oom_control", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        notices = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        _write(f"{group}/cgroup.event_control", f"{notices} {control}")
    except OSError:  # without notices the group is looked at now and then
        return None
    finally:
        os.close(control)
    return notices


def _remove_if_empty(path: str) -> None:
    try:
        os.rmdir(path)
    except OSError:
        return


def _write_if_there(path: str, value: object) -> None:
    if os.path.exists(path):
        _write(path, value)


def _write(path: str, value: object) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(file, str(value).encode())
    finally:
        os.close(file)


def _read(path: str) -> str:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return os.read(file, 65536).decode()
    except OSError:
        return ""
    finally:
        os.close(file)
