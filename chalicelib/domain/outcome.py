"""How a task ended, from what was seen of its container and from what we had asked of it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.diagnosis import EndedBy
from chalicelib.domain.session import EVERYBODY_LEFT, NOBODY_CAME
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.status import Status
from chalicelib.domain.stop_cause import StopCause

CONTAINER_LOST = "ContainerLost"  # not one of ECS's: somebody else removed the container
LAST_PLAIN_EXIT_CODE = 128  # above it are those of signals
CLOCK_GRAIN = timedelta(milliseconds=10)  # two clocks' roundings may disagree by that much about a deadline


@dataclass(frozen=True)
class Asked:
    """What was asked of the task that ended."""

    attached: bool
    stop_cause: StopCause | None
    deadline: datetime | None


@dataclass(frozen=True)
class Outcome:
    """`exit_code` is the command's own, where it is known."""

    status: Status
    ended_by: EndedBy
    exit_code: int | None


def outcome(asked: Asked, seen: Sighting) -> Outcome:
    """Say how a task ended; every pair of stop code and exit code has an answer."""
    seen = seen if seen.stop_code else replace(seen, stop_code=_likely_stop_code(asked, seen))
    if asked.attached and _is_known_inside(asked, seen):
        return _outcome_of_exit(replace(seen, exit_code=seen.command_exit_code))
    if asked.attached and _is_word_of_watchdog(seen):
        return _outcome_of_sessions(asked, seen)
    if seen.stop_code == "EssentialContainerExited":
        return _outcome_of_exit(seen)
    if seen.stop_code == "UserInitiated":
        return _outcome_of_stop(asked, seen, seen.exit_code)
    if seen.stop_code == "TaskFailedToStart":
        return Outcome(Status.FAILED, EndedBy.START_FAILURE, seen.exit_code)
    if seen.stop_code == CONTAINER_LOST:
        return Outcome(Status.LOST, EndedBy.LOST, None)
    if seen.stop_code == "SpotInterruption":
        return Outcome(Status.FAILED, EndedBy.SPOT, seen.exit_code)
    return Outcome(Status.FAILED, EndedBy.INFRASTRUCTURE, seen.exit_code)


def ended_by_wish(cause: StopCause | None) -> EndedBy:
    """Say whose wish an end was; nobody's we know of is somebody's at the console."""
    return EndedBy.REPLACED if cause is not None and cause.kind == "replaced" else EndedBy.USER


def _likely_stop_code(asked: Asked, seen: Sighting) -> str | None:
    """ECS has not always given one. Then the exit code says it: one of a signal that we had sent, or the command's."""
    was_to_stop = asked.stop_cause is not None or seen.time_was_up
    if was_to_stop and (seen.exit_code is None or seen.exit_code > LAST_PLAIN_EXIT_CODE):
        return "UserInitiated"
    if seen.exit_code is not None:
        return "EssentialContainerExited"
    return "TaskFailedToStart" if seen.started_at is None else None


def _outcome_of_exit(seen: Sighting) -> Outcome:
    if seen.exit_code == 0:
        return Outcome(Status.SUCCEEDED, EndedBy.EXIT, 0)
    return Outcome(
        Status.FAILED, EndedBy.OUT_OF_MEMORY if seen.out_of_memory else EndedBy.EXIT, seen.exit_code
    )


def _outcome_of_stop(asked: Asked, seen: Sighting, exit_code: int | None) -> Outcome:
    kind = asked.stop_cause.kind if asked.stop_cause else None
    if kind == "start_timeout":
        return Outcome(Status.FAILED, EndedBy.START_FAILURE, exit_code)
    if kind == "deadline" or (kind is None and (seen.time_was_up or _was_past_its_deadline(asked, seen))):
        return Outcome(Status.TIMED_OUT, EndedBy.DEADLINE, exit_code)
    return Outcome(Status.STOPPED, ended_by_wish(asked.stop_cause), exit_code)


def _is_known_inside(asked: Asked, seen: Sighting) -> bool:
    """Whoever saw the command end is believed before a client; but a command may well end because of a stop."""
    was_to_stop = seen.time_was_up or (asked.stop_cause is not None and asked.stop_cause.kind != "session")
    return seen.command_exit_code is not None and not was_to_stop


def _is_word_of_watchdog(seen: Sighting) -> bool:
    """The main process of an attached task is a watchdog, whose own exit codes say nothing of the command."""
    if seen.stop_code == "EssentialContainerExited":
        return seen.exit_code in (EVERYBODY_LEFT, NOBODY_CAME)
    return seen.stop_code == "UserInitiated"


def _outcome_of_sessions(asked: Asked, seen: Sighting) -> Outcome:
    cause = asked.stop_cause
    if cause is not None and cause.kind == "session":
        status = Status.SUCCEEDED if cause.exit_code == 0 else Status.FAILED
        return Outcome(status, EndedBy.EXIT, cause.exit_code)
    if seen.stop_code == "UserInitiated":
        return _outcome_of_stop(asked, seen, seen.exit_code)
    if cause is not None:  # it was being stopped, and went by itself just before
        return _outcome_of_stop(asked, seen, None)
    came = seen.exit_code != NOBODY_CAME
    return Outcome(Status.FAILED, EndedBy.CONNECTION_LOST if came else EndedBy.NOBODY_CAME, None)


def _was_past_its_deadline(asked: Asked, seen: Sighting) -> bool:
    stopping_at = seen.stopping_at or seen.stopped_at
    return (
        asked.deadline is not None and stopping_at is not None and stopping_at >= asked.deadline - CLOCK_GRAIN
    )
