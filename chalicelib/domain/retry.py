"""When a task is tried again, and as what: each try is a task of its own, linked to the one before."""

import re
from datetime import datetime, timedelta

from chalicelib.domain.diagnosis import Diagnosis, EndedBy
from chalicelib.domain.lengths import as_typed
from chalicelib.domain.lock import IfLocked
from chalicelib.domain.status import Status
from chalicelib.domain.task import Change, EarlierTry, Task
from chalicelib.domain.view import rfc3339

MOST_RETRIES = 10
MOST_REASONS = 20
LONGEST_RETRY_WAIT = 3600.0  # seconds
# The command was not at fault, and it is known to have ended: of a lost task nobody knows that.
DEFAULT_REASONS = ("infrastructure", "spot")
_CAUSES = {"infrastructure": EndedBy.INFRASTRUCTURE, "spot": EndedBy.SPOT, "lost": EndedBy.LOST}
_ENDED_BY_ITSELF = (EndedBy.EXIT, EndedBy.OUT_OF_MEMORY)
_EXIT = re.compile(r"exit:([0-9]{1,3})(?:-([0-9]{1,3}))?")
_LARGEST_EXIT_CODE = 255
# What was asked for, and is asked for again. All else of a record is what became of one try: that of a field which only
# a newer version knows, nobody can tell.
ASKED = {
    "app",
    "created_by",
    "initiated_by",
    "command",
    "command_name",
    "command_revision",
    "rerun_of",
    "image",
    "docker_tag",
    "cpu",
    "memory",
    "ephemeral_storage_gb",
    "max_hours",
    "environment",
    "workdir",
    "tags",
    "interactive",
    "attached",
    "lock",
    "retries",
    "retry_on",
    "retry_wait",
}


def checked_reason(word: str) -> str:
    """Return a word of `retry_on`; raise ValueError for one that is none."""
    if word not in _CAUSES and not _exit_codes(word):
        known = f"{', '.join(_CAUSES)}, exit:N or exit:N-M, with exit codes from 1 to {_LARGEST_EXIT_CODE}"
        raise ValueError(f"{word!r} is no reason to try again: give {known}")
    return word


def next_try(ended: Task, now: datetime, task_id: str) -> Task | None:
    """Return what a task that has just ended is tried again as; None when that is not to be."""
    if ended.retried_by is not None or ended.try_number > ended.retries or not _is_worth_it(ended):
        return None
    asked = {name: getattr(ended, name) for name in ASKED}
    number = ended.try_number + 1
    due = (ended.stopped_at or now) + timedelta(seconds=ended.retry_wait)
    why = f"{attempt_of(number, ended.retries)}, retry of {ended.id}"
    before = EarlierTry(id=ended.id, status=ended.status, exit_code=ended.exit_code)
    return Task.model_validate(
        asked
        | {
            "id": task_id,
            "created_at": now,
            "try_number": number,
            "earlier_tries": (*ended.earlier_tries, before),
            "not_before": due,
            "waiting_for": f"the {as_typed(ended.retry_wait)} between two tries, until {rfc3339(due)}",
            "if_locked": IfLocked.WAIT,  # its turn comes as it does to others: it was made long ago
            "history": (Change(status=Status.PENDING, time=now, why=why),),
        }
    )


def tried_again(ended: Task, following: Task) -> Task:
    """Return the task that ended with a link to its next try: how that goes is told of it alone."""
    attempt = attempt_of(following.try_number, following.retries)
    then = f"It was tried again as task {following.id}, {attempt}."
    what = ended.diagnosis.what if ended.diagnosis else "It did not succeed."
    diagnosis = Diagnosis(what=what, next=f"{then} How that went: tapit show task task={following.id}")
    return ended.but(retried_by=following.id, diagnosis=diagnosis)


def attempt_of(number: int, retries: int) -> str:
    return f"attempt {number} of {retries + 1}"


def _is_worth_it(ended: Task) -> bool:
    """What somebody or a time limit has ended was to end, whatever its command said to that."""
    if not ended.is_final or ended.stop_cause is not None or _was_out_of_time(ended):
        return False
    return any(_is_met(word, ended) for word in ended.retry_on)


def _was_out_of_time(ended: Task) -> bool:
    if ended.deadline is None or ended.stopped_at is None:
        return False
    return ended.stopped_at >= ended.deadline


def _is_met(word: str, ended: Task) -> bool:
    """A word of a newer version is met by nothing."""
    if word in _CAUSES:
        return ended.ended_by == _CAUSES[word]
    return ended.ended_by in _ENDED_BY_ITSELF and ended.exit_code in _exit_codes(word)


def _exit_codes(word: str) -> range:
    """An exit code of 0 is success, and no reason to try again."""
    found = _EXIT.fullmatch(word)
    if found is None:
        return range(0)
    first, last = int(found[1]), int(found[2] or found[1])
    return range(first, last + 1) if 1 <= first <= last <= _LARGEST_EXIT_CODE else range(0)
