"""Kills what is left of a task whose supervisor was killed and so could not do it."""

import signal
import time

from local.process_driver import process_tree
from local.process_driver.control_group import ControlGroup, find_groups
from local.runs.run_folder import RunFolder

_PATIENCE_WITH_LEFTOVERS = 10.0  # seconds
_PATIENCE_WITH_THE_DEAD = 0.5


def kill_leftovers(folder: RunFolder) -> int:
    """Kill what a vanished supervisor left of its task, and return how many processes that were."""
    groups = _groups(folder)
    killed: set[int] = set()
    patience = time.monotonic() + _PATIENCE_WITH_LEFTOVERS
    while time.monotonic() < patience:
        left = set(process_tree.tagged(folder.task_id)).union(*(group.members() for group in groups))
        if left <= killed:  # the dead count as members until they are reaped, and that is not up to us
            break
        process_tree.send(signal.SIGKILL, sorted(left - killed))
        killed |= left
        time.sleep(0.005)
    _remove(groups)
    return len(killed)


def _remove(groups: list[ControlGroup]) -> None:
    """Whoever reaps the dead may be slow; `remove` tries again."""
    patience = time.monotonic() + _PATIENCE_WITH_THE_DEAD
    while (groups := [group for group in groups if not group.remove()]) and time.monotonic() < patience:
        time.sleep(0.005)


def _groups(folder: RunFolder) -> list[ControlGroup]:
    record = folder.start_record()
    paths = [record[fact] for fact in ("memory_group", "cpu_group") if record.get(fact)]
    return [ControlGroup(path) for path in paths] or find_groups(folder.task_id)
