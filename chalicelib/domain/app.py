"""An app: what its tasks inherit, and what they may ask for."""

from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from chalicelib.domain.errors import LimitExceeded
from chalicelib.domain.size import DEFAULT_STORAGE_GB, SMALLEST, Size

DEFAULT_MAX_HOURS = 24.0
DEFAULT_STOP_TIMEOUT = 30.0


class Limits(BaseModel):
    """The most a task of the app may ask for (cpu in vCPU, memory in GB), and how many may run at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_cpu: float | None = None
    max_memory: float | None = None
    max_hours: float | None = None
    max_running: int | None = None


class App(BaseModel):
    """What a task inherits; max_hours None means that tasks have no time limit by default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    image: str | None = None
    environment: dict[str, str] = {}
    workdir: str | None = None
    cpu: float = SMALLEST.cpu
    memory: float = SMALLEST.memory
    ephemeral_storage_gb: int = DEFAULT_STORAGE_GB
    max_hours: float | None = DEFAULT_MAX_HOURS
    stop_timeout: float = DEFAULT_STOP_TIMEOUT
    limits: Limits = Limits()
    created_at: AwareDatetime
    created_by: str
    revision: int = 0

    @property
    def size(self) -> Size:
        return Size(self.cpu, self.memory)

    def but(self, **changes: Any) -> Self:
        """Return a validated copy."""
        return type(self).model_validate(self.model_dump() | changes)

    def refuse_beyond_limits(self, size: Size, max_hours: float | None) -> None:
        """Raise LimitExceeded, naming the limit and its value."""
        asked = {"max_cpu": size.cpu, "max_memory": size.memory, "max_hours": max_hours}
        for limit, wanted in asked.items():
            allowed = getattr(self.limits, limit)
            if allowed is not None and (wanted is None or wanted > allowed):
                words = "no time limit at all" if wanted is None else f"{wanted:g}"
                raise LimitExceeded(self.name, limit, allowed, f"the task asks for {words}")
