"""What became of a schedule's runs, and when that goes wrong too often."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib.domain.pause import Pause
from chalicelib.domain.schedule import Run, Schedule
from chalicelib.domain.status import FAILURES, Status
from chalicelib.domain.task import Task


def unended(schedule: Schedule) -> list[str]:
    """Return the first tries of its runs whose end it has not noted yet."""
    return [run.task_id for run in schedule.runs if run.task_id is not None and run.has_to_end]


def as_it_stands(schedule: Schedule, last_tries: Mapping[str, Task]) -> Schedule:
    """Show how its runs are getting on; `last_tries` are those of each first one."""
    return schedule.but(runs=tuple(_showing(run, last_tries) for run in schedule.runs))


def with_ends(schedule: Schedule, last_tries: Mapping[str, Task]) -> Schedule:
    """Note how its runs have ended, each once, and count those that failed in a row."""
    ended = {
        first: task for first, task in last_tries.items() if task.is_final and first in unended(schedule)
    }
    failures = schedule.failures
    for run in schedule.runs:
        if run.task_id in ended and schedule.counts(run):
            failures = _counted(failures, ended[run.task_id].status)
    return as_it_stands(schedule, ended).but(failures=failures)


def with_refusal(schedule: Schedule, problem: str | None) -> Schedule:
    """Note why its latest time could not become a task at all: that counts like a run that failed."""
    failures = schedule.failures + 1 if problem else schedule.failures
    return schedule.but(problem=problem, failures=failures)


def corrected(schedule: Schedule, made: Sequence[Run]) -> Schedule:
    """What became a task counts, whatever somebody else wrote down of that time, or changed of the schedule."""
    by_time = {run.time: run for run in made}
    kept = tuple(by_time.get(run.time, run) if run.task_id is None else run for run in schedule.runs)
    told = {run.time for run in kept}
    lost = tuple(run for run in made if run.time not in told and not _is_still_to_come(schedule, run))
    return schedule.but(runs=(*kept, *lost)) if lost or kept != schedule.runs else schedule


def _is_still_to_come(schedule: Schedule, run: Run) -> bool:
    return schedule.next_run_at is not None and schedule.next_run_at <= run.time


def fails_too_often(schedule: Schedule) -> str | None:
    """Return why it is to be paused, if it is: one that has no next time has nothing to pause."""
    most = schedule.pause_after_failures
    if most is None or schedule.failures < most or schedule.next_run_at is None:
        return None
    several = "Its last run" if schedule.failures == 1 else f"Its last {schedule.failures} runs"
    return f"{several} failed (pause_after_failures={most})."


def pause_itself(schedule: Schedule, why: str, now: datetime) -> Schedule:
    """Nothing is due any more, until somebody switches it on again."""
    paused = Pause(since=now, why=why, revision=schedule.revision + 1)
    return schedule.but(paused=paused, next_run_at=None, due_at=None)


def resume(schedule: Schedule, now: datetime) -> Schedule:
    """It gets as many runs to fail as a new one; when it is due next is left to the caller."""
    return schedule.but(paused=None, failures=0, counts_from=now, problem=None)


def _showing(run: Run, last_tries: Mapping[str, Task]) -> Run:
    task = last_tries.get(run.task_id or "")
    return run if task is None else run.but(status=task.status, exit_code=task.exit_code)


def _counted(failures: int, status: Status) -> int:
    """Whoever stops a run says nothing about the next ones."""
    if status in FAILURES:
        return failures + 1
    return 0 if status is Status.SUCCEEDED else failures
