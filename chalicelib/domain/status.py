"""Where a task can be in its life."""

from enum import StrEnum


class Status(StrEnum):
    """The last five are final."""

    PENDING = "PENDING"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    TIMED_OUT = "TIMED_OUT"
    LOST = "LOST"


FINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.STOPPED, Status.TIMED_OUT, Status.LOST})
FAILURES = frozenset({Status.FAILED, Status.TIMED_OUT, Status.LOST})  # what nobody wanted
