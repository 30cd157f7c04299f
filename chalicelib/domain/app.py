"""An app: what its tasks inherit, and what they may ask for."""

from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from chalicelib.domain.errors import LimitExceeded
from chalicelib.domain.size import DEFAULT_STORAGE_GB, SMALLEST, Size

DEFAULT_MAX_HOURS = 24.0
DEFAULT_STOP_TIMEOUT = 30.0
DEFAULT_QUEUE_TIMEOUT = 3600.0
EC2 = "EC2"
FARGATE = "FARGATE"
FARGATE_SPOT = "FARGATE_SPOT"


class Limits(BaseModel):
    """The most a task of the app may ask for (cpu in vCPU, memory in GB), and how many may run at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_cpu: float | None = None
    max_memory: float | None = None
    max_hours: float | None = None
    max_running: int | None = None


class App(BaseModel):
    """What a task inherits; max_hours None means that tasks have no time limit by default.

    From `cluster` on it is about AWS, and another home leaves it aside. With a `service`, what is not given here is
    read from that ECS service at every launch. `capacity` names where tasks may run: FARGATE, FARGATE_SPOT, EC2, or
    capacity providers of the cluster; of several ECS uses each alike. `secrets` are ARNs by variable.
    """

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
    queue_timeout: float = DEFAULT_QUEUE_TIMEOUT
    cluster: str | None = None
    service: str | None = None
    container: str | None = None
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    assign_public_ip: bool | None = None
    capacity: tuple[str, ...] = ()
    execution_role: str | None = None
    task_role: str | None = None
    log_group: str | None = None
    keep_entrypoint: bool = False
    secrets: dict[str, str] = {}
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
        self._refuse_beyond("max_cpu", size.cpu)
        self._refuse_beyond("max_memory", size.memory)
        self.refuse_hours_beyond_limit(max_hours)

    def refuse_hours_beyond_limit(self, max_hours: float | None) -> None:
        """Raise LimitExceeded; None is no time limit at all, and so beyond any."""
        self._refuse_beyond("max_hours", max_hours)

    def refuse_defaults_beyond_limits(self) -> None:
        """Raise LimitExceeded where a task that asks for nothing would be refused."""
        for key, limit in (("cpu", "max_cpu"), ("memory", "max_memory"), ("max_hours", "max_hours")):
            hint = f"Give it a smaller {key}=, or a larger limit."
            self._refuse_beyond(limit, getattr(self, key), "its own default is", hint)

    def _refuse_beyond(
        self, limit: str, wanted: float | None, whose: str = "the task asks for", hint: str | None = None
    ) -> None:
        allowed = getattr(self.limits, limit)
        if allowed is not None and (wanted is None or wanted > allowed):
            words = "no time limit at all" if wanted is None else f"{wanted:g}"
            raise LimitExceeded(self.name, limit, allowed, f"{whose} {words}", hint)
