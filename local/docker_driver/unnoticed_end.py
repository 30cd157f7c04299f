"""Ends that an engine does not notice: Podman says for ever that a container runs when what watched it was killed."""

import math

from local.docker_driver.init_process import is_alive, is_here
from local.supervisor.task_clock import machine_time


class UnnoticedEnd:
    """To be made while the container runs. `pid` is its first process in the engine's eyes, 0 when it is over."""

    def __init__(self, container_id: str, pid: int) -> None:
        self._pid = pid if pid and is_here(container_id, pid) else 0
        self.since = math.inf  # machine's time

    def has_been_for(self, seconds: float) -> bool:
        """Say so of a container of this machine that its engine says runs."""
        if not self._pid or is_alive(self._pid):
            self.since = math.inf
            return False
        self.since = min(self.since, machine_time())
        return machine_time() >= self.since + seconds
