"""What supervision asks of a driver, whether the task runs as plain processes or as a container.

CannotStart     nothing of the task runs; the message is for the user
└── CannotPull  ... for want of its image
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from local.supervisor.atomic_files import Value
from local.supervisor.exit_record import ExitRecord
from local.supervisor.spec import Spec


class CannotStart(Exception):
    ecs_name = "CannotStartContainerError"  # as ECS calls it


class CannotPull(CannotStart):
    ecs_name = "CannotPullContainerError"


class Preparation(Protocol):
    """What supervision has to do with the time before the start."""

    def is_unwanted(self) -> bool:
        """Say whether the task is to end before it has begun; to be asked every now and then."""

    def tell(self, what: str) -> None:
        """Let people know what the task waits for."""


class DrivenTask(Protocol):
    """The running side of one task. It tells the exit record of its end; moments are seconds after the task's start."""

    @property
    def is_running(self) -> bool:
        """Whether what was started is there still."""

    def prepare(self, preparation: Preparation) -> bool:
        """Do what should not count as the task's own time. Return False when it became unwanted meanwhile."""

    def start(self, output: int) -> None:
        """Begin, with all output going to this descriptor. Raise CannotStart when nothing of the task runs."""

    def facts(self) -> dict[str, Value]:
        """Return what the record of the start is to say of it."""

    def sources(self) -> Sequence[tuple[int, int]]:
        """Return the descriptors, and the events on each (as in poll), that bring news of the task."""

    def hear(self, source: int, moment: float) -> None:
        """Take what a source has."""

    def due_at(self) -> float:
        """Return when `look` is wanted even if nothing happens."""

    def look(self, moment: float) -> None:
        """Note what has changed: that it ended, or that it is over its memory and must be killed."""

    def terminate(self) -> None:
        """Ask all of the task to end, as SIGTERM does."""

    def kill(self) -> None:
        """Return once nothing of the task is left, or nothing more can be done about it."""

    def last_output(self) -> bytes:
        """Return what of the output has come and did not go to the descriptor; asked once nothing is left of it."""

    def remove(self) -> None:
        """Remove what the end has left of it on this machine, once that end is on record."""


MakeDrivenTask = Callable[[Spec, ExitRecord], DrivenTask]
