"""How a task ended, from what was seen of its container and from what we had asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.domain.diagnosis import EndedBy
from chalicelib.domain.session import EVERYBODY_LEFT, NOBODY_CAME
from chalicelib.domain.status import Status

if TYPE_CHECKING:  # the record is moved by this
    from chalicelib.domain.sighting import Sighting
    from chalicelib.domain.task import Task

CLOCK_GRAIN = timedelta(milliseconds=10)  # two clocks' roundings may disagree by that much about a deadline


@dataclass(frozen=True)
class Outcome:
    """`exit_code` is the command's own, where it is known."""

    status: Status
    ended_by: EndedBy
    exit_code: int | None


def outcome(task: Task, seen: Sighting) -> Outcome:
    """Say how a task ended; every pair of stop code and exit code has an answer."""
    if task.attached and _is_word_of_watchdog(seen):
        return _outcome_of_sessions(task, seen)
    if seen.stop_code == "EssentialContainerExited":
        return _outcome_of_exit(seen)
    if seen.stop_code == "UserInitiated":
        return _outcome_of_stop(task, seen, seen.exit_code)
    if seen.stop_code == "TaskFailedToStart":
        return Outcome(Status.FAILED, EndedBy.START_FAILURE, seen.exit_code)
    return Outcome(Status.FAILED, EndedBy.INFRASTRUCTURE, seen.exit_code)


def _outcome_of_exit(seen: Sighting) -> Outcome:
    if seen.exit_code == 0:
        return Outcome(Status.SUCCEEDED, EndedBy.EXIT, 0)
    return Outcome(
        Status.FAILED, EndedBy.OUT_OF_MEMORY if seen.out_of_memory else EndedBy.EXIT, seen.exit_code
    )


def _outcome_of_stop(task: Task, seen: Sighting, exit_code: int | None) -> Outcome:
    kind = task.stop_cause.kind if task.stop_cause else None
    if kind == "start_timeout":
        return Outcome(Status.FAILED, EndedBy.START_FAILURE, exit_code)
    if kind == "deadline" or (kind is None and (seen.time_was_up or _was_past_its_deadline(task, seen))):
        return Outcome(Status.TIMED_OUT, EndedBy.DEADLINE, exit_code)
    return Outcome(Status.STOPPED, EndedBy.USER, exit_code)


def _is_word_of_watchdog(seen: Sighting) -> bool:
    """The main process of an attached task is a watchdog, whose own exit codes say nothing of the command."""
    if seen.stop_code == "EssentialContainerExited":
        return seen.exit_code in (EVERYBODY_LEFT, NOBODY_CAME)
    return seen.stop_code == "UserInitiated"


def _outcome_of_sessions(task: Task, seen: Sighting) -> Outcome:
    cause = task.stop_cause
    if cause is not None and cause.kind == "session":
        status = Status.SUCCEEDED if cause.exit_code == 0 else Status.FAILED
        return Outcome(status, EndedBy.EXIT, cause.exit_code)
    if seen.stop_code == "UserInitiated":
        return _outcome_of_stop(task, seen, seen.exit_code)
    if cause is not None:  # it was being stopped, and went by itself just before
        return _outcome_of_stop(task, seen, None)
    came = seen.exit_code != NOBODY_CAME
    return Outcome(Status.FAILED, EndedBy.CONNECTION_LOST if came else EndedBy.NOBODY_CAME, None)


def _was_past_its_deadline(task: Task, seen: Sighting) -> bool:
    stopping_at = seen.stopping_at or seen.stopped_at
    return (
        task.deadline is not None and stopping_at is not None and stopping_at >= task.deadline - CLOCK_GRAIN
    )
