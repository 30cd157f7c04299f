"""Bad weather on demand: what the next calls of an operation are answered instead of, or after, being done."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from tests.aws.ecs_endpoint.refusals import HungUp, Refusal

NO_CAPACITY = (
    "Capacity is unavailable at this time. Please try again later or in a different availability zone"
)
NO_QUOTA = "You've reached the limit on the number of vCPUs you can run concurrently"


@dataclass(frozen=True)
class Fault:
    """One of: an error answer, `failures[]` in a good one, a task that cannot start, or no answer at all.

    `when` tells a hang-up apart: before anything was done, or after.
    """

    operation: str
    code: str = ""
    message: str = ""
    status: int = 400
    failures: list[dict[str, str]] = field(default_factory=list)
    stop: dict[str, Any] = field(default_factory=dict)
    when: str = ""

    def strike_before(self) -> None:
        if self.code:
            raise Refusal(self.code, self.message, self.status)
        if self.when == "before":
            raise HungUp

    def strike_after(self) -> None:
        if self.when == "after":
            raise HungUp


def throttled(operation: str = "RunTask") -> Fault:
    return Fault(operation, code="ThrottlingException", message="Rate exceeded")


def throttled_in_disguise(operation: str = "RunTask") -> Fault:
    """ECS passes on the throttling of other services under its own code."""
    return Fault(
        operation, code="InvalidParameterException", message="Error retrieving subnets: Rate exceeded"
    )


def no_capacity() -> Fault:
    return Fault("RunTask", failures=[{"reason": NO_CAPACITY}])


def no_quota() -> Fault:
    return Fault("RunTask", failures=[{"reason": NO_QUOTA}])


def server_error(operation: str = "RunTask") -> Fault:
    return Fault(
        operation, code="ServerException", message="Service Unavailable. Please try again later.", status=500
    )


def unanswered(operation: str = "RunTask", when: str = "after") -> Fault:
    return Fault(operation, when=when)


def cannot_start(reason: str, code: str = "TaskFailedToStart") -> Fault:
    return Fault("RunTask", stop={"stopCode": code, "stoppedReason": reason})


class Faults:
    """Faults wait in line, each for one call."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)
        self._lock = Lock()

    def add(self, fault: Fault, times: int = 1) -> None:
        with self._lock:
            self._waiting[fault.operation].extend([fault] * times)

    def next(self, operation: str) -> Fault:
        with self._lock:
            waiting = self._waiting[operation]
            return waiting.popleft() if waiting else Fault(operation)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()
