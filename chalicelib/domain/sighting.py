"""What was seen of a task's container at one moment."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Passing(StrEnum):
    """Why a container may start another time that did not start this time, and of which nothing ran."""

    CLUSTERS = "clusters"  # the cluster had no room, or failed: nothing of the app's is at fault
    PERHAPS = "perhaps"  # something did not answer; it may be the app's network, and then it never will


@dataclass(frozen=True)
class Sighting:
    """One state of the container. `version` grows with every change; one that is not newer says nothing.

    `stop_code` is one of ECS's: EssentialContainerExited, UserInitiated, TaskFailedToStart, ...
    """

    version: int
    arn: str
    is_stopped: bool = False
    started_at: datetime | None = None
    stopping_at: datetime | None = None
    stopped_at: datetime | None = None
    stop_code: str | None = None
    exit_code: int | None = None
    reason: str | None = None
    out_of_memory: bool = False
    time_was_up: bool = False  # whoever stopped it did so for its time limit
    waiting_for: str | None = None
    progress: str | None = None  # of what comes before the start, where that is known: "what (how far)"
    lost_output_bytes: int = 0
    memory_kills: int | None = (
        None  # of its processes by the kernel, for want of memory; None when nobody knows
    )
    command_exit_code: int | None = None  # of an attached task's command, where somebody inside saw it end
    attempt: int | None = (
        None  # at its task's launch; None for one that an earlier version of the program started
    )
    passing: Passing | None = None

    @property
    def is_over(self) -> bool:
        """The outcome is known with the exit code; tearing down the network may take a while longer."""
        return self.is_stopped or (self.stop_code is not None and self.exit_code is not None)

    @property
    def runs_on(self) -> bool:
        """It is not over, and nothing has begun to end it."""
        return not self.is_over and self.stopping_at is None
