"""What requests about apps and their answers look like."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.domain.app import DEFAULT_MAX_HOURS, App, Limits
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.size import SMALLEST, fit
from chalicelib.http.aws_fields import (
    Capacity,
    Cluster,
    Container,
    LogGroup,
    QueueTimeout,
    Role,
    SecretArn,
    SecurityGroups,
    Service,
    Subnets,
)
from chalicelib.http.fields import (
    MAX_ENVIRONMENT,
    AppName,
    Cpu,
    Directory,
    MaxHours,
    Memory,
    Moment,
    QueryParameters,
    RequestBody,
    StopTimeout,
    Storage,
    Text,
    VariableName,
    VariableValue,
)


class LimitsBody(RequestBody):
    """The most that a task may ask for, and how many may be unfinished at once; null takes a limit away."""

    max_cpu: Cpu | None = None
    max_memory: Memory | None = None
    max_hours: MaxHours | None = None
    max_running: Annotated[int, Field(ge=1)] | None = None


class AppFields(RequestBody):
    """What tasks inherit. null puts a field back to its default.

    From `cluster` on it is about AWS: with a `service`, what is not given is read from it at every launch.
    """

    image: Text | None = None
    workdir: Directory | None = None
    cpu: Cpu | None = None
    memory: Memory | None = None
    ephemeral_storage_gb: Storage | None = None
    max_hours: MaxHours | Literal["none"] | None = None
    stop_timeout: StopTimeout | None = None
    queue_timeout: QueueTimeout | None = None
    cluster: Cluster | None = None
    service: Service | None = None
    container: Container | None = None
    subnets: Subnets | None = None
    security_groups: SecurityGroups | None = None
    assign_public_ip: bool | None = None
    capacity: Capacity | None = None
    execution_role: Role | None = None
    task_role: Role | None = None
    log_group: LogGroup | None = None
    keep_entrypoint: bool | None = None
    limits: LimitsBody | None = None

    def changes(self) -> dict[str, Any]:
        """Return the plain fields that were given, as the app keeps them."""
        given = {name: getattr(self, name) for name in self.model_fields_set & AppFields.model_fields.keys()}
        given.pop("limits", None)
        defaults = {name: value for name, value in given.items() if value is None}
        kept = {name: value for name, value in given.items() if value is not None}
        if kept.get("max_hours") == "none":
            kept["max_hours"] = None
        return kept | {name: App.model_fields[name].default for name in defaults}

    def notes(self, app: App) -> list[str]:
        """Say it when the app's size is more than was asked for."""
        asked = {name: getattr(self, name) for name in ("cpu", "memory") if getattr(self, name) is not None}
        if all(getattr(app, name) == value for name, value in asked.items()):
            return []
        said = " ".join(f"{name}={value:g}" for name, value in asked.items())
        return [f"{said} is not a Fargate size here; using cpu={app.cpu:g} memory={app.memory:g}."]


class CreateApp(AppFields):
    """Environment values can be written, but never read again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "shop", "environment": {"APP_NAME": "shop"}, "memory": 2}]}
    )

    name: AppName
    environment: dict[VariableName, VariableValue] = Field(default_factory=dict)
    secrets: dict[VariableName, SecretArn] = Field(default_factory=dict)

    def app(self, now: datetime, created_by: str) -> App:
        app = App(
            name=self.name,
            environment=self.environment,
            secrets=self.secrets,
            created_at=now,
            created_by=created_by,
        )
        return _consistent(app.but(**self.changes(), limits=_limits(app.limits, self)), self)


class ChangeApp(AppFields):
    """Only what is given changes; in `environment` and `secrets` a value sets a variable and null removes it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"memory": 4, "environment": {"OLD": None}}]})

    environment: dict[VariableName, VariableValue | None] = Field(default_factory=dict)
    secrets: dict[VariableName, SecretArn | None] = Field(default_factory=dict)

    def applied_to(self, app: App) -> App:
        changed = app.but(
            **self.changes(),
            environment=_merged(app.environment, self.environment),
            secrets=_merged(app.secrets, self.secrets),
            limits=_limits(app.limits, self),
        )
        return _consistent(changed, self)


class ListAppsQuery(QueryParameters):
    """A page of apps, by name."""

    limit: Annotated[int, Field(ge=1, le=100)] = 100
    cursor: str | None = None


class AppView(BaseModel):
    """An app; of its environment only the names are ever shown. A secret is its ARN, which is none."""

    name: str
    image: str | None
    workdir: str | None
    environment: list[str]
    cpu: float
    memory: float
    ephemeral_storage_gb: int
    max_hours: float | None
    stop_timeout: float
    queue_timeout: float
    cluster: str | None
    service: str | None
    container: str | None
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    assign_public_ip: bool | None
    capacity: tuple[str, ...]
    execution_role: str | None
    task_role: str | None
    log_group: str | None
    keep_entrypoint: bool
    secrets: dict[str, str]
    limits: Limits
    created_at: Moment
    created_by: str
    revision: int
    notes: list[str] = []

    @classmethod
    def of(cls, app: App, notes: Sequence[str] = ()) -> Self:
        shown = {name: getattr(app, name) for name in cls.model_fields if name in App.model_fields}
        return cls.model_construct(**shown | {"environment": sorted(app.environment)}, notes=list(notes))


class AppList(BaseModel):
    """Apps by name; `next` is the cursor of the next page, None on the last."""

    items: list[AppView]
    next: str | None


class AppRemovedView(BaseModel):
    """The app is gone."""

    name: str
    removed: Literal[True] = True


def _merged(before: dict[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in {**before, **changes}.items() if value is not None}


def _limits(limits: Limits, body: AppFields) -> Limits:
    """Null takes every limit away, as it does with each."""
    if "limits" not in body.model_fields_set:
        return limits
    if body.limits is None:
        return Limits()
    changes = {name: getattr(body.limits, name) for name in body.limits.model_fields_set}
    return Limits(**dict(limits) | changes)


def _consistent(app: App, body: AppFields) -> App:
    """Snap the sizes, and refuse defaults that the app's own limits would refuse to every task."""
    size = sum(len(name) + len(value) for name, value in app.environment.items())
    if size > MAX_ENVIRONMENT:
        raise InvalidRequest(
            f"The environment has {size} characters in all; {MAX_ENVIRONMENT} is the most.",
            {"environment": "is too large"},
        )
    _refuse_contradictions(app)
    pair, _ = fit(app.cpu, app.memory, SMALLEST)
    app = app.but(cpu=pair.cpu, memory=pair.memory)
    if body.max_hours is None and app.max_hours == DEFAULT_MAX_HOURS:
        app = app.but(max_hours=min(DEFAULT_MAX_HOURS, app.limits.max_hours or DEFAULT_MAX_HOURS))
    app.refuse_defaults_beyond_limits()
    return app


def _refuse_contradictions(app: App) -> None:
    for name, needed in (("service", "cluster"), ("container", "service")):
        if getattr(app, name) is not None and getattr(app, needed) is None:
            raise InvalidRequest(f"{name}= needs {needed}= as well.", {needed: f"is missing beside {name}"})
    both = sorted(app.environment.keys() & app.secrets.keys())
    if both:
        problem = f"{both[0]} is in both environment and secrets"
        raise InvalidRequest(f"{problem}; it can have only one value.", {"secrets": problem})
