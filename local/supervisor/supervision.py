"""One task from its start to the record of its end: the supervisor's event loop."""

# pathlib would cost every supervisor 10 ms and 1 MB.
# ruff: noqa: PTH108, PTH110

import math
import os
import select
import time

from local import process_tree
from local.memory_limit import GroupWatch, MemoryGroup, MemoryWatch, make_group
from local.supervisor.clock import Clock
from local.supervisor.doorbell import SHORTEST_PAUSE, Doorbell
from local.supervisor.ending import Ending
from local.supervisor.files import ReservedFile, as_json, reserved_name
from local.supervisor.kernel import adopt_orphans
from local.supervisor.launch import CannotJoinGroup, CannotStart, launch
from local.supervisor.output import Output
from local.supervisor.signals import SIGKILL, SIGTERM, watch_signals
from local.supervisor.spec import Spec
from local.supervisor.wishes import Wishes

_LOOK_AGAIN = 2.0  # seconds; only a poke that was lost waits that long
_CHUNK = 65536
_MOST_TO_DRAIN = 64 << 20  # no pipe holds as much, so whatever goes on writing is beyond our reach
_PATIENCE_WITH_THE_KILLED = 30.0  # seconds; longer only if it hangs inside the kernel
_PATIENCE_WITH_THE_GROUP = 1.0
_PATIENCE_WITH_THE_SERVER = 2.0
_RETRY = 1.0

_OF_USE_WHILE_IT_RUNS = (
    "control",
    "lost",
    "max_seconds",
    "started.json",
    reserved_name("started.json"),
    "stop",
    reserved_name("stop"),
)


class RunFiles:
    """What is opened before the task starts, while failing is still harmless."""

    def __init__(self, started: ReservedFile, ended: ReservedFile, output: Output, control: int) -> None:
        self.started = started
        self.ended = ended
        self.output = output
        self.control = control


class Supervision:
    def __init__(self, folder: str, spec: Spec, files: RunFiles) -> None:
        self._folder = folder
        self._spec = spec
        self._files = files
        self._bell = Doorbell(spec.server_pipe, spec.task_id)
        self._wishes = Wishes(folder)
        self._ending = Ending()
        self._signals = watch_signals()
        self._pipe = -1
        self._main: int | None = None
        self._kill_at = math.inf
        self._look_at = _LOOK_AGAIN
        self._told_to_end = False
        self._group: MemoryGroup | None = None
        self._watch: GroupWatch | MemoryWatch | None = None
        self._has_orphans = adopt_orphans()
        self._clock = Clock()

    def run(self) -> None:
        """Return once the end is on record."""
        if self._wishes.stop_reason is not None:
            self._ending.stopping("request", self._wishes.stop_reason, self._clock.now())
        elif self._start():
            self._follow()
            self._clear_away()
        self._record_end()
        self._bell.ring(self._clock.elapsed())
        self._remove_group()
        self._tidy_up()
        self._insist_on_being_heard()

    # Starting

    def _start(self) -> bool:
        self._pipe, writing = os.pipe()
        os.set_blocking(self._pipe, False)
        try:
            self._launch(writing)
        except CannotStart as refusal:
            self._ending.failed_to_start(str(refusal))
            return False
        finally:
            os.close(writing)
        self._ending.started_at = self._clock.started_at
        self._record_start()
        self._bell.ring(self._clock.elapsed())
        return True

    def _launch(self, writing: int) -> None:
        limit = self._spec.memory_bytes
        if limit is not None and self._spec.memory_by != "polling":
            self._group = make_group(self._spec.task_id, limit)
        self._clock = Clock()
        if self._group is not None:
            try:
                self._main = launch(self._spec, writing, self._group.entrance)
            except CannotJoinGroup:
                self._remove_group()
                self._group = None
            else:
                self._watch = GroupWatch(self._group)
                return
        self._watch = MemoryWatch(limit) if limit is not None else None
        self._main = launch(self._spec, writing, None)

    def _record_start(self) -> None:
        try:
            self._files.started.publish(self._started_record(), durable=False)
        except OSError:  # the task runs, and what became of it will be told at its end
            return

    def _started_record(self) -> bytes:
        enforced_by = "cgroup" if self._group else "polling" if self._watch else None
        return as_json(
            {
                "pid": self._main,
                "supervisor_pid": os.getpid(),
                "started_at": self._clock.started_at,
                "memory_enforced_by": enforced_by,
                "memory_group": self._group.path if self._group else None,
            }
        )

    # Following

    def _follow(self) -> None:
        """Return when the main process has ended, or must."""
        poller = select.poll()
        for source in (self._pipe, self._signals, self._files.control):
            poller.register(source, select.POLLIN)
        if isinstance(self._watch, GroupWatch) and self._watch.source is not None:
            poller.register(self._watch.source, self._watch.event)
        while self._main is not None and self._clock.elapsed() < self._kill_at:
            for source, _ in poller.poll(self._milliseconds_to_wait()):
                if not self._take(source):
                    poller.unregister(source)
            self._reap()
            if self._main is not None:
                self._act_on_time()

    def _milliseconds_to_wait(self) -> int:
        events = [self._look_at, self._kill_at]
        if self._ending.stopped_by is None:
            events.append(self._wishes.deadline)
        if self._watch is not None:
            events.append(self._watch.due_at)
        if self._bell.due_at is not None:
            events.append(self._bell.due_at)
        return max(0, math.ceil((min(events) - self._clock.elapsed()) * 1000))

    def _take(self, source: int) -> bool:
        """Return whether there can be more from there."""
        if source == self._pipe:
            return self._take_output()
        if isinstance(self._watch, GroupWatch) and source == self._watch.source:
            self._watch.hear(self._clock.elapsed())
            return True
        data = os.read(source, _CHUNK)
        if source == self._files.control:
            self._look_at = 0.0
        elif SIGTERM in data:
            self._told_to_end = True
        return True

    def _take_output(self) -> bool:
        try:
            chunk = os.read(self._pipe, _CHUNK)
        except BlockingIOError:
            return True
        if chunk:
            self._files.output.write(chunk, self._clock.now())
            self._bell.ring_soon(self._clock.elapsed())
        return bool(chunk)

    def _reap(self) -> bool:
        """Return whether there are children left; orphans of the task are ours as well."""
        while True:
            try:
                child, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if child == 0:
                return True
            if child == self._main:
                self._main = None
                self._ending.main_process_ended(status)

    def _act_on_time(self) -> None:
        elapsed = self._clock.elapsed()
        self._bell.ring_if_due(elapsed)
        if elapsed >= self._look_at:
            self._wishes.look()
            self._look_at = elapsed + _LOOK_AGAIN
        if self._ending.stopped_by is None:
            self._stop_if_wanted(elapsed)
        if self._watch is not None and elapsed >= self._watch.due_at:
            self._check_memory(self._watch, elapsed)

    def _stop_if_wanted(self, elapsed: float) -> None:
        now = self._clock.started_at + elapsed
        if self._told_to_end:
            self._ending.terminated(now)
        elif self._wishes.stop_reason is not None:
            self._ending.stopping("request", self._wishes.stop_reason, now)
        elif elapsed >= self._wishes.deadline:
            self._ending.stopping("deadline", self._wishes.overtime_reason, now)
        else:
            return
        self._kill_at = elapsed + self._spec.stop_timeout
        process_tree.send(SIGTERM, self._tree())

    def _check_memory(self, watch: GroupWatch | MemoryWatch, elapsed: float) -> None:
        if watch.is_over(self._tree(), elapsed):
            self._ending.ran_out_of_memory()
            self._kill_at = elapsed

    # Ending

    def _clear_away(self) -> None:
        """Leave no process of the task, and nothing of its output in the pipe."""
        self._kill_everything()
        if self._main is not None:
            self._ending.could_not_be_killed()
        if self._group is not None and self._group.oom_kills():
            self._ending.ran_out_of_memory()
        self._drain()

    def _kill_everything(self) -> None:
        """Orphans come to us, so having no child left means that no descendant is left either."""
        patience = self._clock.elapsed() + _PATIENCE_WITH_THE_KILLED
        pause = 0.0005
        while self._clock.elapsed() < patience:
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

    def _drain(self) -> None:
        drained = 0
        while drained < _MOST_TO_DRAIN:
            try:
                chunk = os.read(self._pipe, _CHUNK)
            except BlockingIOError:
                break
            if not chunk:
                break
            self._files.output.write(chunk, self._clock.now())
            drained += len(chunk)
        self._files.output.report_gap()

    def _record_end(self) -> None:
        """Go on trying: while this process waits, how the task ended is not lost."""
        record = as_json(self._ending.record(self._clock.now(), self._files.output.lost))
        while True:
            try:
                self._files.ended.publish(record, durable=True)
            except FileNotFoundError:  # the run folder is gone, and with it whoever wanted to know
                return
            except OSError:
                time.sleep(_RETRY)
            else:
                return

    def _tidy_up(self) -> None:
        """What steered the task, or told of it while it ran, is no longer needed now that its end is on record."""
        if not os.path.exists(f"{self._folder}/exit.json"):
            return
        for name in _OF_USE_WHILE_IT_RUNS:
            _remove(f"{self._folder}/{name}")

    def _insist_on_being_heard(self) -> None:
        patience = self._clock.elapsed() + _PATIENCE_WITH_THE_SERVER
        while self._bell.due_at is not None and self._clock.elapsed() < patience:
            time.sleep(SHORTEST_PAUSE)
            self._bell.ring(self._clock.elapsed())

    def _remove_group(self) -> None:
        patience = time.monotonic() + _PATIENCE_WITH_THE_GROUP
        while self._group is not None and not self._group.remove() and time.monotonic() < patience:
            time.sleep(0.01)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
