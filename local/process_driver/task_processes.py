"""The processes of one task, for as long as it runs: begun, watched, asked to end, killed."""

import math
import os
import time
from collections.abc import Sequence

from local.process_driver import process_tree
from local.process_driver.control_group import ControlGroup
from local.process_driver.cpu_limit import make_cpu_group
from local.process_driver.graceful_stop import GracefulStop
from local.process_driver.linux import adopt_orphans
from local.process_driver.main_process import CannotJoinGroup, start_main_process
from local.process_driver.memory_limit import (
    GroupWatch,
    MemoryWatch,
    kills_of_group,
    kills_of_machine,
    make_memory_group,
)
from local.supervisor.atomic_files import Value
from local.supervisor.driven_task import Preparation
from local.supervisor.exit_record import ExitRecord
from local.supervisor.memory_kills import MemoryKills
from local.supervisor.signals import SIGKILL
from local.supervisor.spec import Spec

_PATIENCE_WITH_THE_KILLED = 30.0  # seconds; longer only if it hangs inside the kernel
_PATIENCE_WITH_THE_GROUPS = 1.0


class TaskProcesses:
    """Made in the supervisor, which must watch its signals by then: the processes become its children."""

    def __init__(self, spec: Spec, exit_record: ExitRecord) -> None:
        self._spec = spec
        self._exit_record = exit_record
        self._main: int | None = None
        self._memory_group: ControlGroup | None = None
        self._cpu_group: ControlGroup | None = None
        self._watch: GroupWatch | MemoryWatch | None = None
        self._machines_kills: int | None = None  # before the start
        self._stop: GracefulStop | None = None
        self._has_orphans = adopt_orphans()

    @property
    def is_running(self) -> bool:
        """The end of the main process is the end of all, unless they were told to end: then each has its time."""
        return self._main is not None or (self._stop is not None and self._stop.anyone_left)

    @property
    def _groups(self) -> list[ControlGroup]:
        return [group for group in (self._memory_group, self._cpu_group) if group is not None]

    def prepare(self, preparation: Preparation) -> bool:  # noqa: ARG002 - it takes no time
        if self._spec.memory_by == "polling":
            return True
        if self._spec.memory_bytes is not None:
            self._memory_group = make_memory_group(self._spec.task_id, self._spec.memory_bytes)
        if self._spec.cpu is not None:
            self._cpu_group = make_cpu_group(self._spec.task_id, self._spec.cpu)
        return True

    def start(self, output: int) -> None:
        self._machines_kills = kills_of_machine()
        entrances = [group.entrance for group in self._groups]
        try:
            self._main = start_main_process(self._spec, output, entrances)
        except CannotJoinGroup:
            self._remove_groups()
            self._memory_group = self._cpu_group = None
            self._main = start_main_process(self._spec, output, [])
        limit = self._spec.memory_bytes
        if self._memory_group is not None:
            self._watch = GroupWatch(self._memory_group)
        elif limit is not None:
            self._watch = MemoryWatch(limit)

    def facts(self) -> dict[str, Value]:
        return {
            "pid": self._main,
            "memory_enforced_by": "cgroup" if self._memory_group else "polling" if self._watch else None,
            "memory_group": self._memory_group.path if self._memory_group else None,
            "cpu_group": self._cpu_group.path if self._cpu_group else None,
        }

    # Watching

    def sources(self) -> Sequence[tuple[int, int]]:
        if isinstance(self._watch, GroupWatch) and self._watch.source is not None:
            return [(self._watch.source, self._watch.event)]
        return []

    def hear(self, source: int, moment: float) -> None:
        assert isinstance(self._watch, GroupWatch)
        assert source == self._watch.source
        self._watch.hear(moment)

    def due_at(self) -> float:
        return min(math.inf if each is None else each.due_at for each in (self._watch, self._stop))

    def look(self, moment: float) -> None:
        self._reap()
        if self._stop is not None:
            self._stop.look(moment)
        if self.is_running and self._watch is not None and moment >= self._watch.due_at:
            self._check_memory(self._watch, moment)

    def _reap(self) -> bool:
        """Return whether there are children left; orphans of the task are ours as well."""
        while True:
            try:
                child, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if child == 0:
                return True
            if self._stop is not None:
                status = self._stop.has_ended(child, status)
            if child == self._main:
                self._main = None
                self._exit_record.main_process_ended(status)

    def _check_memory(self, watch: GroupWatch | MemoryWatch, moment: float) -> None:
        if watch.is_over(self._tree(), moment):
            self._exit_record.ran_out_of_memory()

    # Ending

    def terminate(self) -> None:
        self._stop = GracefulStop(self._tree, self._spec.stop_timeout)

    def kill(self) -> None:
        if self._stop is not None and self.is_running:
            self._stop.give_up()
        self._kill_everything()
        if self._main is not None:
            self._exit_record.could_not_be_killed()
        if (kills := self._memory_kills()) is not None:
            self._exit_record.memory_kills = kills
            if kills.number:
                self._exit_record.ran_out_of_memory()

    def _memory_kills(self) -> MemoryKills | None:
        """Without a group nobody counts for the task alone; but where the machine killed nothing it lost nothing."""
        if self._memory_group is not None:
            return kills_of_group(self._memory_group)
        if self._machines_kills is None or kills_of_machine() != self._machines_kills:
            return None
        return MemoryKills(0, met_limit=False)

    def last_output(self) -> bytes:
        return b""

    def remove(self) -> None:
        self._remove_groups()

    def _kill_everything(self) -> None:
        """Orphans come to us, so having no child left means that no descendant is left either."""
        patience = time.monotonic() + _PATIENCE_WITH_THE_KILLED
        pause = 0.0005
        while time.monotonic() < patience:
            tree = self._tree()
            process_tree.send(SIGKILL, tree)
            if not self._reap() and not tree:
                return
            time.sleep(pause)
            pause = min(2 * pause, 0.05)

    def _tree(self) -> list[int]:
        found = process_tree.descendants(os.getpid())
        if not self._has_orphans:  # some may have left the tree, but none its environment
            found += process_tree.tagged(self._spec.task_id)
        return found

    def _remove_groups(self) -> None:
        patience = time.monotonic() + _PATIENCE_WITH_THE_GROUPS
        left = self._groups
        while (left := [group for group in left if not group.remove()]) and time.monotonic() < patience:
            time.sleep(0.01)
