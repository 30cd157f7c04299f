"""Shells that sit at their prompts while their task is asked to end: SIGTERM means nothing to them, a hang-up does."""

from local.process_driver import process_tree
from local.process_driver.process_facts import Family, Process
from local.supervisor.signals import SIGHUP

_PATIENCE = 1.0  # seconds; a shell may only be between two commands, or about to say how the last one ended


class Prompts:
    def __init__(self) -> None:
        self._since: dict[int, float] = {}

    def look(self, family: Family, moment: float) -> None:
        """Hang up on shells with a terminal that have had nothing to do for a while."""
        idle = [process.pid for process in family.alive if _is_idle(process, family)]
        self._since = {pid: self._since.get(pid, moment) for pid in idle}
        process_tree.send(SIGHUP, [pid for pid in idle if moment - self._since[pid] >= _PATIENCE])


def _is_idle(process: Process, family: Family) -> bool:
    if not process.has_terminal or any(child.is_alive for child in family.children(process.pid)):
        return False
    return process.is_shell
