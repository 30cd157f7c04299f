"""How a task ended, in the words ECS uses."""

import os

from chalicelib.domain.memory_reasons import MACHINE_OUT_OF_MEMORY, OUT_OF_MEMORY
from local.supervisor.atomic_files import Value
from local.supervisor.memory_kills import MemoryKills
from local.supervisor.signals import SIGKILL

EXITED = "EssentialContainerExited"
ASKED = "UserInitiated"
NEVER_STARTED = "TaskFailedToStart"
HOST_FAILED, LOST = "InfrastructureHealth", "ContainerLost"

_EXITED_REASON = "Essential container in task exited"
SUPERVISOR_TERMINATED = "tapit: the task's supervisor was asked to end"


class ExitRecord:
    """Filled in while it comes about; the first cause of a stop is the one that counts."""

    def __init__(self) -> None:
        self.started_at: float | None = None
        self.stopping_at: float | None = None
        self.over_since: float | None = None  # machine's time; None as long as nobody has seen when it ended
        self.stopped_by: str | None = None
        self.out_of_memory = False
        self.memory_kills: MemoryKills | None = None  # None as long as nobody can say
        self._stop_code = EXITED
        self._reason = _EXITED_REASON
        self._exit_code: int | None = None
        self._signal: int | None = None

    def failed_to_start(self, what: str, why: str) -> None:
        """`what` is ECS's name for it; of the command there is no exit code, whatever ended in its place."""
        self._stop_code = NEVER_STARTED
        self._reason = f"{what}: {why}"
        self._exit_code = self._signal = None

    def lost(self, why: str) -> None:
        """How it ended cannot be known; a stop that was asked for explains it well enough."""
        self._ended_from_outside(LOST, why)

    def host_failed(self, why: str) -> None:
        """It ended with what it ran on."""
        self._ended_from_outside(HOST_FAILED, why)

    def _ended_from_outside(self, stop_code: str, why: str) -> None:
        if self.stopped_by is None:
            self._stop_code, self._reason = stop_code, why

    def stopping(self, by: str, reason: str, at: float) -> None:
        self.stopped_by, self.stopping_at = by, at
        self._stop_code, self._reason = ASKED, reason

    def terminated(self, at: float) -> None:
        self.stopping("request", SUPERVISOR_TERMINATED, at)

    def ran_out_of_memory(self) -> None:
        """The task was killed, or is about to be; had its main process ended just before, that changes nothing."""
        self.out_of_memory = True

    def exited(self, exit_code: int) -> None:
        """A negative number is that of a signal."""
        if exit_code < 0:
            self.killed_by(-exit_code)
        else:
            self._exit_code = exit_code

    def main_process_ended(self, wait_status: int) -> None:
        if os.WIFSIGNALED(wait_status):
            self.killed_by(os.WTERMSIG(wait_status))
        else:
            self._exit_code = os.WEXITSTATUS(wait_status)

    def killed_by(self, number: int) -> None:
        self._signal = number
        self._exit_code = 128 + number

    def could_not_be_killed(self) -> None:
        """It hangs inside the kernel; what it will end by is known all the same."""
        self.killed_by(SIGKILL)

    @property
    def _whole_reason(self) -> str:
        """A stop that was asked for explains the end well enough."""
        if self._stop_code != EXITED:
            return self._reason
        if self._exit_code and self.memory_kills is not None and self.memory_kills.are_machines:
            return MACHINE_OUT_OF_MEMORY
        return OUT_OF_MEMORY if self.out_of_memory else self._reason

    def over(self, since: float) -> None:
        """Whatever is learned of its end later, this moment of the machine's time is when it was; the first counts."""
        if self.over_since is None:
            self.over_since = since

    def record(self, stopped_at: float, lost_output_bytes: int) -> dict[str, Value]:
        if self.out_of_memory:
            self.killed_by(SIGKILL)
        return {
            "exit_code": self._exit_code,
            "signal": self._signal,
            "started_at": self.started_at,
            "stopping_at": self.stopping_at,
            "stopped_at": max(stopped_at, self.stopping_at or 0.0),
            "stop_code": self._stop_code,
            "reason": self._whole_reason,
            "out_of_memory": self.out_of_memory,
            "memory_kills": None if self.memory_kills is None else self.memory_kills.number,
            "stopped_by": self.stopped_by,
            "lost_output_bytes": lost_output_bytes,
        }
