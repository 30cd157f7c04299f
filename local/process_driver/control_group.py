"""Control groups: what the kernel bounds for all processes of a task together, where this user may make them.

In version 2 a task has one group, for all controllers; in version 1 it has one for each.
"""

import os
from collections.abc import Callable

_MOUNT = "/sys/fs/cgroup"
_PARENT = "tapit"
_CONTROLLERS = ("memory", "cpu")
_MOST_TRIES = 100  # of making a group where the tasks of others come to their ends all the time


class ControlGroup:
    """A control group (either version) that holds one task."""

    def __init__(self, path: str) -> None:
        self.path = path

    @property
    def entrance(self) -> str:
        return f"{self.path}/cgroup.procs"

    def has(self, name: str) -> bool:
        return os.path.exists(f"{self.path}/{name}")

    def read(self, name: str) -> str:
        return _read(f"{self.path}/{name}")

    def write(self, name: str, value: object) -> None:
        _write(f"{self.path}/{name}", value)

    def write_if_there(self, name: str, value: object) -> None:
        if self.has(name):
            self.write(name, value)

    def members(self) -> list[int]:
        return [int(pid) for pid in self.read("cgroup.procs").split()]

    def remove(self) -> bool:
        """Return False while the kernel still counts a process in it; a missing group is removed."""
        _remove_if_empty(self.path)
        _remove_if_empty(os.path.dirname(self.path))
        return not os.path.exists(self.path)


def make_group(controller: str, task_id: str, bound: Callable[[ControlGroup], None]) -> ControlGroup | None:
    """Return a task's group that was bounded so, or None where this user may not make one."""
    for home in _homes(controller):
        group = ControlGroup(f"{home}/{_PARENT}/{task_id}")
        is_new = not os.path.exists(group.path)  # in version 2 it may be bounded otherwise already
        try:
            _prepare(home, controller, group)
            bound(group)
        except OSError:
            if is_new:
                group.remove()
            continue
        return group
    return None


def find_groups(task_id: str) -> list[ControlGroup]:
    """Return the groups a task has, or had before its supervisor was killed."""
    paths = {f"{home}/{_PARENT}/{task_id}" for controller in _CONTROLLERS for home in _homes(controller)}
    return [ControlGroup(path) for path in sorted(paths) if os.path.exists(path)]


def _homes(controller: str) -> list[str]:
    """Return the existing groups below which ours may be made, the best first."""
    groups = _own_groups()
    if controller in groups:
        # A container may see the path its host knows, while its own mount begins at that group.
        places = [f"{_MOUNT}/{controller}{groups[controller].rstrip('/')}", f"{_MOUNT}/{controller}"]
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


def _prepare(home: str, controller: str, group: ControlGroup) -> None:
    is_version_2 = os.path.exists(f"{home}/cgroup.controllers")
    if is_version_2:
        _divide(home, controller)
    for _ in range(_MOST_TRIES):
        try:
            _make_below_parent(group.path, controller if is_version_2 else None)
        except FileNotFoundError:  # another task's end removed the empty parent in between
            continue
        return


def _make_below_parent(path: str, divided_by: str | None) -> None:
    parent = os.path.dirname(path)
    _make(parent)
    if divided_by is not None:
        _divide(parent, divided_by)
    _make(path)


def _divide(path: str, controller: str) -> None:
    """Have version 2 count and bound something for each group below this one."""
    if controller not in _read(f"{path}/cgroup.subtree_control").split():
        _write(f"{path}/cgroup.subtree_control", f"+{controller}")


def _make(path: str) -> None:
    try:
        os.mkdir(path)
    except FileExistsError:
        return


def _remove_if_empty(path: str) -> None:
    try:
        os.rmdir(path)
    except OSError:
        return


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
