"""Keeps a task to its share of the processors, by a control group; nothing else could."""

import os

from local.process_driver.control_group import ControlGroup, make_group

_PERIOD = 100_000  # microseconds; the kernel's own default


def make_cpu_group(task_id: str, cpu: float) -> ControlGroup | None:
    """Return a group that gets the time of that many processors, or None where this user may not make one."""

    def bound(group: ControlGroup) -> None:
        quota = round(cpu * _PERIOD)
        if group.has("cpu.max"):
            group.write("cpu.max", f"{quota} {_PERIOD}")
        else:
            group.write("cpu.cfs_period_us", _PERIOD)
            group.write("cpu.cfs_quota_us", quota)

    return make_group("cpu", task_id, bound)


def can_be_kept() -> bool:
    """Tell whether tasks started from here are kept to their cpu."""
    group = make_cpu_group(f"probe-{os.getpid()}", 1)
    return group is not None and group.remove()
