"""An app: what its tasks inherit, and what they may ask for."""

from pydantic import AwareDatetime, Field

from chalicelib.domain.errors import LimitExceeded, in_units
from chalicelib.domain.fargate_sizes import DEFAULT_STORAGE_GB, SMALLEST, Size
from chalicelib.domain.kept_secrets import KeptSecrets
from chalicelib.domain.record import Record

DEFAULT_MAX_HOURS = 24.0
MOST_SUBSCRIPTIONS = 20  # unless its limits say otherwise
MOST_ALLOWED_SUBSCRIPTIONS = 100
MOST_COMMANDS = 200
MOST_ALLOWED_COMMANDS = 1000
MOST_SCHEDULES = 200
MOST_ALLOWED_SCHEDULES = 1000
DEFAULT_STOP_TIMEOUT = 30.0
DEFAULT_QUEUE_TIMEOUT = 3600.0
EC2 = "EC2"
FARGATE = "FARGATE"
FARGATE_SPOT = "FARGATE_SPOT"


def too_many_subscriptions(app: str, most: int) -> LimitExceeded:
    return too_many(app, "max_subscriptions", most, MOST_ALLOWED_SUBSCRIPTIONS)


def too_many_commands(app: str, most: int) -> LimitExceeded:
    return too_many(app, "max_commands", most, MOST_ALLOWED_COMMANDS)


def too_many_schedules(app: str, most: int) -> LimitExceeded:
    return too_many(app, "max_schedules", most, MOST_ALLOWED_SCHEDULES)


def too_many(app: str, limit: str, most: int, most_allowed: int) -> LimitExceeded:
    """Return the refusal of one more; it says who can allow more, while that is possible."""
    allow = f"have an admin allow more, up to {most_allowed}: tapit set app name={app} {limit}=..."
    hint = f"Delete one, or {allow}" if most < most_allowed else "Delete one."
    return LimitExceeded(app, limit, most, "it has that many", hint)


class Limits(Record):
    """The most a task of the app may ask for (cpu in vCPU, memory in GB), and how many may run at once.

    `max_subscriptions` None is 20, `max_commands` and `max_schedules` are 200: there is no app without a limit of them.
    """

    max_cpu: float | None = None
    max_memory: float | None = None
    max_hours: float | None = None
    max_running: int | None = None
    max_subscriptions: int | None = None
    max_commands: int | None = None
    max_schedules: int | None = None


class App(Record):
    """What a task inherits; max_hours None means that tasks have no time limit by default.

    From `user` to `keep_entrypoint` it is about containers. `mounts` are as `Mount` reads them, `networks` are those
    of the engine; with none of them, tasks are in one of the app's own.

    From `cluster` to `log_group` it is about AWS, and another home leaves it aside. With a `service`, what is not given
    here is read from that ECS service at every launch. `sidecars` are containers of the service that run beside the
    command; without them it runs alone. `capacity` names where tasks may run: FARGATE, FARGATE_SPOT, EC2, or
    capacity providers of the cluster; of several ECS uses each alike. `secrets` are ARNs by variable, of values that
    are kept elsewhere; `kept_secrets` are those that are kept for the app, in every home.
    """

    name: str
    image: str | None = None
    environment: dict[str, str] = Field(default_factory=dict)
    workdir: str | None = None
    user: str | None = None
    mounts: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    keep_entrypoint: bool = False
    cpu: float = SMALLEST.cpu
    memory: float = SMALLEST.memory
    ephemeral_storage_gb: int = DEFAULT_STORAGE_GB
    max_hours: float | None = DEFAULT_MAX_HOURS
    stop_timeout: float = DEFAULT_STOP_TIMEOUT
    queue_timeout: float = DEFAULT_QUEUE_TIMEOUT
    cluster: str | None = None
    service: str | None = None
    container: str | None = None
    sidecars: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    assign_public_ip: bool | None = None
    capacity: tuple[str, ...] = ()
    execution_role: str | None = None
    task_role: str | None = None
    log_group: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    secrets: dict[str, str] = Field(default_factory=dict)
    kept_secrets: KeptSecrets | None = None
    limits: Limits = Limits()
    created_at: AwareDatetime
    created_by: str
    revision: int = 0

    @property
    def most_subscriptions(self) -> int:
        """Return how many subscriptions it may have."""
        limit = self.limits.max_subscriptions
        return MOST_SUBSCRIPTIONS if limit is None else limit

    @property
    def most_commands(self) -> int:
        """Return how many commands may be saved."""
        limit = self.limits.max_commands
        return MOST_COMMANDS if limit is None else limit

    @property
    def most_schedules(self) -> int:
        """Return how many schedules it may have."""
        limit = self.limits.max_schedules
        return MOST_SCHEDULES if limit is None else limit

    @property
    def secret_names(self) -> frozenset[str]:
        """Return the variables that are secrets, wherever their values are."""
        return frozenset(self.secrets) | frozenset(self.kept_secrets.names if self.kept_secrets else ())

    @property
    def size(self) -> Size:
        return Size(self.cpu, self.memory)

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
            words = "no time limit at all" if wanted is None else in_units(limit, wanted)
            raise LimitExceeded(self.name, limit, allowed, f"{whose} {words}", hint)
