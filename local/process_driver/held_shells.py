"""Shells that stay stopped while their task is asked to end, so that they never begin what would have come next.

As they do not wait for their children either, the kernel can still say how these have ended: that is the exit code.
"""

from local.process_driver import process_tree
from local.process_driver.process_facts import Family, Process
from local.supervisor.signals import SIGCONT, SIGTERM


class HeldShells:
    def __init__(self) -> None:
        self._held: set[int] = set()
        self._statuses: dict[int, int] = {}
        self._stood_for: dict[int, int] = {}
        self._went_before: set[int] = set()

    def __contains__(self, pid: int) -> bool:
        return pid in self._held

    def hold(self, shell: Process, family: Family) -> None:
        """What it ran and has ended by now was not told to: the shell would have gone on with what comes next."""
        self._held.add(shell.pid)
        self._went_before.update(child.pid for child in family.children(shell.pid) if not child.is_alive)

    def status_of(self, pid: int) -> int | None:
        """Return the wait status of one that has ended, as far as that is known."""
        return self._statuses.get(pid)

    def has_ended(self, pid: int, wait_status: int) -> int:
        """Return how what it ran has ended, for a held shell and for who ended by SIGTERM as its held shell did."""
        status = self._statuses.setdefault(pid, wait_status)
        return self._stood_for.get(pid, status) if status == SIGTERM else status

    def look(self, family: Family) -> None:
        """End those whose children have; what reads from a shell itself waits for its end in turn."""
        self._note_ends(family)
        for shell in self._in(family):
            living = [child for child in family.children(shell.pid) if child.is_alive]
            if all(child.is_fed_by(shell) for child in living):
                self._end(shell, family)

    def give_up(self, family: Family) -> None:
        """Before all are killed: a command that has ended is not to be blamed for what it had in the background."""
        self._note_ends(family)
        for shell in self._in(family):
            last = _youngest(family.children(shell.pid))
            if last is not None and not last.is_alive:
                self._end(shell, family)

    def _in(self, family: Family) -> list[Process]:
        """Forget those that are gone; the others come after the shells that they wait for."""
        found = [process for process in family.alive if process.pid in self._held]
        self._held = {process.pid for process in found}
        return found[::-1]

    def _note_ends(self, family: Family) -> None:
        for process in family.dead:
            if process.wait_status is not None:
                self._statuses.setdefault(process.pid, process.wait_status)

    def _end(self, shell: Process, family: Family) -> None:
        """Let it die of SIGTERM, and keep in mind how the last command that it began has ended, if that was told to."""
        self._held.discard(shell.pid)
        last = _youngest([child for child in family.children(shell.pid) if not child.is_alive])
        status = SIGTERM
        if last is not None and last.pid not in self._went_before:
            status = self._statuses.get(last.pid, SIGTERM)
        self._statuses[shell.pid] = self._stood_for[shell.parent] = status
        process_tree.send(SIGTERM, [shell.pid])
        process_tree.send(SIGCONT, [shell.pid])


def _youngest(processes: list[Process]) -> Process | None:
    return max(processes, key=lambda process: process.began, default=None)
