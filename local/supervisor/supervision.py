"""One task from its start to the record of its end, whatever it runs as: the supervisor's event loop."""

import math
import os
import select
import time

from local.supervisor.atomic_files import as_json
from local.supervisor.driven_task import CannotStart, MakeDrivenTask
from local.supervisor.exit_record import ExitRecord
from local.supervisor.preparing import Preparing
from local.supervisor.run_files import SHOWS_LIFE_EVERY, RunFiles
from local.supervisor.server_notifier import SHORTEST_PAUSE, ServerNotifier
from local.supervisor.signals import SIGTERM, watch_signals
from local.supervisor.spec import Spec
from local.supervisor.stop_conditions import StopConditions
from local.supervisor.task_clock import TaskClock

_LOOK_AGAIN = 2.0  # seconds; only a poke that was lost waits that long
_CHUNK = 65536
_MOST_TO_DRAIN = 64 << 20  # no pipe holds as much, so whatever goes on writing is beyond our reach
_PATIENCE_WITH_THE_SERVER = 2.0
_RETRY = 1.0


class Supervision:
    """It knows the time limit and hears signals as soon as it is made."""

    def __init__(self, spec: Spec, files: RunFiles, make_task: MakeDrivenTask) -> None:
        self._spec = spec
        self._files = files
        self._notifier = ServerNotifier(spec.server_pipe, spec.task_id)
        self._stop_conditions = StopConditions(spec.folder)
        self._exit_record = ExitRecord()
        self._signals = watch_signals()
        self._task = make_task(spec, self._exit_record)
        self._pipe = -1
        self._kill_at = math.inf
        self._look_at = _LOOK_AGAIN
        self._show_life_at = SHOWS_LIFE_EVERY
        self._told_to_end = False
        self._clock = TaskClock()

    def run(self) -> None:
        """Return once the end is on record."""
        if self._stop_conditions.stop_reason is not None:
            self._exit_record.stopping("request", self._stop_conditions.stop_reason, self._clock.now())
        elif self._start():
            self._follow()
            self._task.kill()
            self._drain()
        self._record_end()
        self._notifier.notify(self._clock.elapsed())
        self._task.remove()
        self._files.tidy_up()
        self._insist_on_being_heard()

    # Starting

    def _start(self) -> bool:
        self._pipe, writing = os.pipe()
        os.set_blocking(self._pipe, False)
        try:
            if not self._is_prepared():
                return False
            self._clock = TaskClock()
            self._task.start(writing)
        except CannotStart as refusal:
            self._exit_record.failed_to_start(refusal.ecs_name, str(refusal))
            return False
        finally:
            os.close(writing)
        self._exit_record.started_at = self._clock.started_at
        self._record_start()
        self._notifier.notify(self._clock.elapsed())
        return True

    def _is_prepared(self) -> bool:
        preparing = Preparing(self._spec, self._files, self._stop_conditions, self._signals)
        if self._task.prepare(preparing):
            return True
        self._exit_record.stopping("request", preparing.why_unwanted, self._clock.now())
        return False

    def _record_start(self) -> None:
        record = {
            **self._task.facts(),
            "supervisor_pid": os.getpid(),
            "started_at": self._clock.started_at,
            "machine_time": self._clock.zero,
            "stop_timeout": self._spec.stop_timeout,
        }
        try:
            self._files.started.publish(as_json(record), durable=False)
        except OSError:  # the task runs, and what became of it will be told at its end
            return

    # Following

    def _follow(self) -> None:
        """Return when the task has ended, or must."""
        poller = select.poll()
        for source in (self._pipe, self._signals, self._files.control):
            poller.register(source, select.POLLIN)
        news = dict(self._task.sources())
        for source, event in news.items():
            poller.register(source, event)
        while self._task.is_running and self._clock.elapsed() < self._kill_at:
            for source, _ in poller.poll(self._milliseconds_to_wait()):
                if source in news:
                    self._task.hear(source, self._clock.elapsed())
                elif not self._take(source):
                    poller.unregister(source)
            self._act_on_time()

    def _milliseconds_to_wait(self) -> int:
        events = [self._look_at, self._kill_at, self._task.due_at()]
        if self._exit_record.stopped_by is None:
            events.append(self._stop_conditions.deadline)
        if self._notifier.due_at is not None:
            events.append(self._notifier.due_at)
        return max(0, math.ceil((min(events) - self._clock.elapsed()) * 1000))

    def _take(self, source: int) -> bool:
        """Return whether there can be more from there."""
        if source == self._pipe:
            return self._take_output()
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
            self._notifier.notify_soon(self._clock.elapsed())
        return bool(chunk)

    def _act_on_time(self) -> None:
        self._task.look(self._clock.elapsed())
        if not self._task.is_running:
            return
        elapsed = self._clock.elapsed()
        self._notifier.notify_if_due(elapsed)
        if elapsed >= self._look_at:
            self._stop_conditions.look()
            self._look_at = elapsed + _LOOK_AGAIN
        if elapsed >= self._show_life_at:
            self._files.show_life()
            self._show_life_at = elapsed + SHOWS_LIFE_EVERY
        if self._exit_record.out_of_memory:
            self._kill_at = elapsed
        elif self._exit_record.stopped_by is None:
            self._stop_if_wanted(elapsed)

    def _stop_if_wanted(self, elapsed: float) -> None:
        now = self._clock.started_at + elapsed
        if self._told_to_end:
            self._exit_record.terminated(now)
        elif self._stop_conditions.stop_reason is not None:
            self._exit_record.stopping("request", self._stop_conditions.stop_reason, now)
        elif elapsed >= self._stop_conditions.deadline:
            self._exit_record.stopping("deadline", self._stop_conditions.overtime_reason, now)
        else:
            return
        self._kill_at = elapsed + self._spec.stop_timeout
        self._task.terminate()

    # Ending

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
        if rest := self._task.last_output():
            self._files.output.write(rest, self._clock.now())
        self._files.output.report_gap()

    def _record_end(self) -> None:
        """Go on trying: while this process waits, how the task ended is not lost."""
        record = as_json(self._exit_record.record(self._stopped_at(), self._files.output.lost))
        while True:
            try:
                self._files.ended.publish(record, durable=True)
            except OSError:
                if not os.path.exists(self._spec.folder):  # and with it whoever wanted to know
                    return
                time.sleep(_RETRY)
            else:
                return

    def _stopped_at(self) -> float:
        if self._exit_record.over_since is None:
            return self._clock.now()
        return max(self._clock.started_at, self._clock.at(self._exit_record.over_since))

    def _insist_on_being_heard(self) -> None:
        patience = self._clock.elapsed() + _PATIENCE_WITH_THE_SERVER
        while self._notifier.due_at is not None and self._clock.elapsed() < patience:
            time.sleep(SHORTEST_PAUSE)
            self._notifier.notify(self._clock.elapsed())
