"""A schedule: a task that repeats. When it is due is in timetable.py."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field

from chalicelib.domain.app import too_many_schedules
from chalicelib.domain.bounds import Shown
from chalicelib.domain.creator import schedule_as_creator
from chalicelib.domain.errors import ScheduleExists, ScheduleNotFound
from chalicelib.domain.named_record import Kind, NamedRecord
from chalicelib.domain.new_task import NewTask
from chalicelib.domain.pause import Pause
from chalicelib.domain.record import Record
from chalicelib.domain.status import FINAL, Status

MOST_RUNS = 20  # that a schedule remembers
MISSED_WITHIN = timedelta(hours=1)


class Overlap(StrEnum):
    """What becomes of a run that is due while the one before has not ended."""

    SKIP = "skip"
    QUEUE = "queue"
    ALLOW = "allow"
    REPLACE = "replace"


class Missed(StrEnum):
    """Which of the times whose turn came too late are made up for."""

    LATEST = "latest"
    SKIP = "skip"
    ALL = "all"


class Run(Record):
    """A time that came, and the task it became, or why it became none.

    `status` and `exit_code` are how its last try ended, once that was seen.
    """

    time: AwareDatetime
    task_id: str | None = None
    why: Shown | None = None
    status: Annotated[Status | str | None, Field(union_mode="left_to_right")] = None
    exit_code: int | None = None

    @property
    def has_to_end(self) -> bool:
        """It is a task whose end is not noted yet."""
        return self.task_id is not None and self.status not in FINAL


def _kept_runs(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """Keep the latest, by their time; what is skipped meanwhile pushes no run out whose end is still to be counted."""
    latest_last = sorted(runs, key=lambda run: run.time)
    droppable = [number for number, run in enumerate(latest_last) if not run.has_to_end]
    unended = [number for number, run in enumerate(latest_last) if run.has_to_end]
    dropped = {*[*droppable, *unended][: max(0, len(runs) - MOST_RUNS)]}
    return tuple(run for number, run in enumerate(latest_last) if number not in dropped)


class Schedule(NamedRecord):
    """Exactly one of `cron`, `every` (seconds, counted from `starts_at`) and `at` says when it is due.

    What is due is `task`, or the saved command `command_name` with `options` before its own. `next_run_at` is the next
    time that it names, `due_at` the same with its jitter, and both are None when there is no such time: it is switched
    off, paused or over. `runs` are the latest, oldest first. `failures` counts those in a row that failed, of the
    runs since it was last switched on again, at `counts_from`. `problem` is why the latest time could not become a
    task at all.
    """

    description: str | None = None
    cron: str | None = None
    timezone: str = "UTC"
    every: int | None = None
    at: AwareDatetime | None = None
    starts_at: AwareDatetime
    task: NewTask | None = None
    command_name: str | None = None
    options: dict[str, Any] = Field(default_factory=dict, repr=False)
    overlap: Overlap = Overlap.SKIP
    missed: Missed = Missed.LATEST
    missed_within: int = int(MISSED_WITHIN.total_seconds())
    jitter: int = 0
    pause_after_failures: int | None = None
    enabled: bool = True
    paused: Pause | None = None
    created_at: AwareDatetime
    created_by: str
    next_run_at: AwareDatetime | None = None
    due_at: AwareDatetime | None = None
    runs: Annotated[tuple[Run, ...], AfterValidator(_kept_runs)] = ()
    failures: int = 0
    counts_from: AwareDatetime | None = None
    problem: Shown | None = None

    @property
    def is_active(self) -> bool:
        """Its times become tasks."""
        return self.enabled and self.paused is None

    def counts(self, run: Run) -> bool:
        """How a run ends that was there before it was switched on again says nothing of what it is now."""
        return self.counts_from is None or run.time >= self.counts_from

    @property
    def asked(self) -> NewTask:
        """What its tasks are asked to be; of a saved command only what is said beside that."""
        return self.task or NewTask(command="").with_given(self.options)

    @property
    def creator(self) -> str:
        """Who its tasks are created by; no token can be called that."""
        return schedule_as_creator(self.name)


SCHEDULES = Kind(Schedule, "schedule", ScheduleNotFound, ScheduleExists, too_many_schedules)
