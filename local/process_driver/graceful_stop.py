"""Asks every process of a task to end, so that each has its time and no shell begins what would have come next.

SIGTERM to all at once would lose what matters: a shell would go on with its next command, or die and take along how the
one that it waits for ends; the last stage of a pipeline would be gone before the first has said its last words. So
everything is stopped for a moment (SIGSTOP), as nothing can be begun then, and looked at:

- a shell that does not handle SIGTERM stays stopped until its children have ended; how the last of them did says how
  the line has ended, unless it was over before anybody was told: then the line was cut off;
- who reads from another process of the task is told after that one;
- everybody else is told now.

What a handler starts from then on is part of ending well, and is not told. Where there is no /proc, all are just told.
"""

import time
from collections.abc import Callable, Iterable, Sequence

from local.process_driver import process_tree
from local.process_driver.held_shells import HeldShells
from local.process_driver.pipe_reader import PipeReader
from local.process_driver.process_facts import Family, Process
from local.process_driver.prompts import Prompts
from local.supervisor.signals import SIGCONT, SIGSTOP, SIGTERM

_MOST_LOOKS, _FINEST = (
    200,
    0.002,
)  # until all have stopped; what hangs in the kernel, or may not be stopped, never does
_SHORTEST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.01, 0.1, 1.5  # seconds between two looks


class GracefulStop:
    """It begins when it is made, and `look` goes on with it. `tree` returns the ids of the task's processes."""

    def __init__(self, tree: Callable[[], Iterable[int]], stop_timeout: float) -> None:
        self._tree = tree
        self._patience_with_writers = stop_timeout / 2
        self._half_over_at: float | None = None
        self._pause = _SHORTEST_PAUSE
        self._shells = HeldShells()
        self._readers: dict[int, PipeReader] = {}
        self._prompts = Prompts()
        self.due_at = 0.0
        self.anyone_left = True
        if process_tree.HAS_PROC:
            self._begin()
        else:
            process_tree.send(SIGTERM, list(tree()))

    def look(self, moment: float) -> None:
        """Do what is due; `anyone_left` says whether there is a next time, at `due_at`."""
        if moment < self.due_at:
            return
        if process_tree.HAS_PROC:
            self._go_on(Family(self._tree()), moment)
        else:
            self.anyone_left = bool(list(self._tree()))
        self.due_at = moment + self._pause
        self._pause = min(self._pause * _GROWTH, _LONGEST_PAUSE)

    def has_ended(self, pid: int, wait_status: int) -> int:
        """Hear of an end, and return how the command has ended that the process stood for."""
        return self._shells.has_ended(pid, wait_status)

    def give_up(self) -> None:
        """Their time is over, and they are about to be killed."""
        if process_tree.HAS_PROC:
            self._shells.give_up(Family(self._tree()))

    def _begin(self) -> None:
        family = self._stop(lambda family: family.alive)
        for process in family.alive:
            if writers := family.writers(process):
                self._readers[process.pid] = PipeReader(process.pid, writers, self._shells.status_of)
        self._tell((process for process in family.alive if process.pid not in self._readers), family)
        self._let_go(family.alive)

    def _go_on(self, family: Family, moment: float) -> None:
        if self._half_over_at is None:
            self._half_over_at = moment + self._patience_with_writers
        self._shells.look(family)
        self._tell_readers(family, moment, is_high_time=moment >= self._half_over_at)
        self._prompts.look(family, moment)
        self.anyone_left = bool(family.alive)

    def _stop(self, choose: Callable[[Family], Sequence[Process]]) -> Family:
        """Return everything as it is once those that are chosen do nothing more.

        Until it has really stopped a shell might still ask how a child has ended, and nobody else would learn of it; or
        see a child stopped, and take it for one that somebody suspended. So parents come first.
        """
        told: set[int] = set()
        for _ in range(_MOST_LOOKS):
            family = Family(self._tree())
            busy = {process.pid: process for process in choose(family) if not process.is_stopped}
            if not busy:
                break
            fresh = [pid for pid, process in busy.items() if pid not in told and process.parent not in busy]
            process_tree.send(SIGSTOP, fresh)
            told.update(fresh)
            time.sleep(_FINEST)
        return family

    def _tell(self, processes: Iterable[Process], family: Family) -> None:
        for process in processes:
            if process.is_shell and process.ends_by_sigterm:
                self._shells.hold(process, family)
            else:
                process_tree.send(SIGTERM, [process.pid])

    def _let_go(self, processes: Sequence[Process]) -> None:
        """Children first: who looks after jobs would take a child that is stopped for one that somebody suspended."""
        free = [process.pid for process in processes if process.pid not in self._shells]
        process_tree.send(SIGCONT, free[::-1])

    def _tell_readers(self, family: Family, moment: float, *, is_high_time: bool) -> None:
        for pid, reader in list(self._readers.items()):
            process = family.living(pid)
            if process is not None:
                reader.look(process, family, moment)
                if not reader.is_due(moment) and not is_high_time:
                    continue
                self._tell_late(pid)
            del self._readers[pid]
            reader.release_input()

    def _tell_late(self, pid: int) -> None:
        def itself_and_below(family: Family) -> Sequence[Process]:
            return [process for process in family.below(pid) if process.pid not in self._shells]

        family = self._stop(itself_and_below)
        told = itself_and_below(family)
        self._tell(told, family)
        self._let_go(told)
