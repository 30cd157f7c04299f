"""Keeps a task within its memory: by a control group where one can be made, else by looking often."""

import math
import os
import select

from local.process_driver import process_tree
from local.process_driver.control_group import ControlGroup, make_group
from local.supervisor.memory_kills import VERSION_1, VERSION_2, MemoryKills, memory_kills

# What a busy process can fill at most; the next look comes before the rest could be full, within bounds.
_BYTES_PER_SECOND = 4 << 30
_SOONEST_LOOK = 0.1
_LATEST_LOOK = 1.0
_FIRST_LOOK_FOR_A_KILL = 0.001


def make_memory_group(task_id: str, limit_bytes: int) -> ControlGroup | None:
    """Return a group with that limit, or None where this user may not make one."""

    def bound(group: ControlGroup) -> None:
        """Swap is not extra room: a task on ECS has none."""
        if group.has("memory.max"):
            group.write("memory.max", limit_bytes)
            group.write_if_there("memory.swap.max", 0)
            group.write_if_there("memory.oom.group", 1)
        else:
            group.write("memory.limit_in_bytes", limit_bytes)
            group.write_if_there("memory.memsw.limit_in_bytes", limit_bytes)

    return make_group("memory", task_id, bound)


def kills_of_group(group: ControlGroup) -> MemoryKills | None:
    """Return what the kernel killed in it for want of memory; None when it does not say."""
    return memory_kills({name: group.read(name) for name in (*VERSION_2, *VERSION_1)})


def kills_of_machine() -> int | None:
    """Return what the kernel killed for want of memory since its own start, of anybody's; None when it does not say."""
    try:
        with open("/proc/vmstat") as file:
            counted = dict(line.split() for line in file)
    except OSError:
        return None
    return int(counted["oom_kill"]) if "oom_kill" in counted else None


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

    def __init__(self, group: ControlGroup) -> None:
        self._group = group
        self._pause = _FIRST_LOOK_FOR_A_KILL
        self.event = select.POLLPRI
        self.source = _open_events(group)
        if self.source is None:
            self.event = select.POLLIN
            self.source = _open_oom_notices(group)
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
        kills = kills_of_group(self._group)
        return kills is not None and kills.number > 0


def _open_events(group: ControlGroup) -> int | None:
    """Version 2: the file is polled itself, and is armed by being read."""
    try:
        events = os.open(f"{group.path}/memory.events", os.O_RDONLY | os.O_CLOEXEC)
        os.read(events, 4096)
    except OSError:
        return None
    return events


def _open_oom_notices(group: ControlGroup) -> int | None:
    """Version 1: a descriptor that becomes readable when the group has run out of memory."""
    try:
        control = os.open(f"{group.path}/memory.oom_control", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        notices = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        group.write("cgroup.event_control", f"{notices} {control}")
    except OSError:  # without notices the group is looked at now and then
        return None
    finally:
        os.close(control)
    return notices
