"""What requests about apps and their answers look like."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field

from chalicelib.domain.app import (
    DEFAULT_MAX_HOURS,
    MOST_ALLOWED_COMMANDS,
    MOST_ALLOWED_SCHEDULES,
    MOST_ALLOWED_SUBSCRIPTIONS,
    App,
    Limits,
)
from chalicelib.domain.bounds import size_of
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.fargate_sizes import SMALLEST, fit
from chalicelib.domain.kept_secrets import KeptSecrets, with_names
from chalicelib.domain.tags import refuse_too_many
from chalicelib.domain.view import Moment, View
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
    Sidecars,
    Subnets,
)
from chalicelib.http.container_fields import Image, Mounts, Networks, User
from chalicelib.http.fields import (
    MAX_ENVIRONMENT,
    NO_OTHERS,
    AppName,
    ChangedTags,
    Cpu,
    Directory,
    MaxHours,
    Memory,
    QueryParameters,
    RequestBody,
    SecretValue,
    StopTimeout,
    Storage,
    Tags,
    VariableName,
    VariableValue,
)

_ABOUT_TAGS = "of each task of it, unless that has the same keys with others"


class LimitsBody(RequestBody):
    """The most that a task may ask for, and how many may be unfinished at once; null takes a limit away.

    `max_subscriptions` is 20, `max_commands` and `max_schedules` are 200 unless something else is given.
    """

    max_cpu: Cpu | None = None
    max_memory: Memory | None = None
    max_hours: MaxHours | None = None
    max_running: Annotated[int, Field(ge=1)] | None = None
    max_subscriptions: Annotated[int, Field(ge=1, le=MOST_ALLOWED_SUBSCRIPTIONS)] | None = None
    max_commands: Annotated[int, Field(ge=1, le=MOST_ALLOWED_COMMANDS)] | None = None
    max_schedules: Annotated[int, Field(ge=1, le=MOST_ALLOWED_SCHEDULES)] | None = None


class AppFields(RequestBody):
    """What tasks inherit. null puts a field back to its default.

    From `user` to `keep_entrypoint` it is about containers, from `cluster` on about AWS: with a `service`, what is not
    given is read from it at every launch.
    """

    image: Image | None = None
    workdir: Directory | None = None
    user: User | None = None
    mounts: Mounts | None = None
    networks: Networks | None = None
    keep_entrypoint: bool | None = None
    cpu: Cpu | None = None
    memory: Memory | None = None
    ephemeral_storage_gb: Storage | None = None
    max_hours: MaxHours | Literal["none"] | None = None
    stop_timeout: StopTimeout | None = None
    queue_timeout: QueueTimeout | None = None
    cluster: Cluster | None = None
    service: Service | None = None
    container: Container | None = None
    sidecars: Sidecars | None = None
    subnets: Subnets | None = None
    security_groups: SecurityGroups | None = None
    assign_public_ip: bool | None = None
    capacity: Capacity | None = None
    execution_role: Role | None = None
    task_role: Role | None = None
    log_group: LogGroup | None = None
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
    """Environment values and values of secrets can be written, but never read again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "shop", "environment": {"APP_NAME": "shop"}, "memory": 2}]}
    )

    name: AppName
    environment: dict[VariableName, VariableValue] = Field(default_factory=dict, json_schema_extra=NO_OTHERS)
    secrets: dict[VariableName, SecretArn] = Field(default_factory=dict, json_schema_extra=NO_OTHERS)
    secret_values: dict[VariableName, SecretValue] = Field(default_factory=dict, json_schema_extra=NO_OTHERS)
    tags: Tags = Field(default_factory=dict, description=_ABOUT_TAGS)

    def app(self, now: datetime, created_by: str) -> App:
        app = App(
            name=self.name,
            environment=self.environment,
            secrets=self.secrets,
            tags=dict(self.tags),
            kept_secrets=with_names(None, [*self.secret_values], (), now, created_by),
            created_at=now,
            created_by=created_by,
        )
        return _consistent(app.but(**self.changes(), limits=_limits(app.limits, self)), self)


class ChangeApp(AppFields):
    """Only what is given changes; in `environment`, `secrets` and `tags` a value sets one and null removes it.

    null in `secrets` also removes one of `secret_values`. `secrets_version` gives tasks an earlier version of those.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"memory": 4, "environment": {"OLD": None}}]})

    environment: dict[VariableName, VariableValue | None] = Field(
        default_factory=dict, json_schema_extra=NO_OTHERS
    )
    secrets: dict[VariableName, SecretArn | None] = Field(default_factory=dict, json_schema_extra=NO_OTHERS)
    secret_values: dict[VariableName, SecretValue] = Field(default_factory=dict, json_schema_extra=NO_OTHERS)
    tags: ChangedTags | None = Field(default=None, description=_ABOUT_TAGS)
    secrets_version: Annotated[int, Field(ge=1)] | None = None

    def applied_to(self, app: App, now: datetime, by: str) -> App:
        changed = app.but(
            **self.changes(),
            environment=_merged(app.environment, self.environment),
            secrets=_merged(app.secrets, self.secrets),
            tags=self._tags(app),
            kept_secrets=self._kept_secrets(app, now, by),
            limits=_limits(app.limits, self),
        )
        return _consistent(changed, self)

    def notes_on_removed(self, before: App) -> list[str]:
        """Whoever removes what is not there may have misspelt it."""
        kinds = (
            ("variable", self.environment, before.environment),
            ("secret", self.secrets, before.secret_names),
        )
        return [
            f"There is no {kind} {name} to remove."
            for kind, given, there in kinds
            for name, value in given.items()
            if value is None and name not in there
        ]

    def _tags(self, app: App) -> dict[str, str]:
        takes_all_away = self.tags is None and "tags" in self.model_fields_set
        return {} if takes_all_away else _merged(app.tags, self.tags or {})

    def _kept_secrets(self, app: App, now: datetime, by: str) -> KeptSecrets | None:
        removed = [name for name, arn in self.secrets.items() if arn is None]
        if self.secrets_version is None:
            return with_names(app.kept_secrets, [*self.secret_values], removed, now, by)
        if app.kept_secrets is None:
            problem = f"{app.name} has no secrets of which there are versions"
            raise InvalidRequest(f"{problem}.", {"secrets_version": problem})
        earlier = app.kept_secrets.back_at(self.secrets_version)
        if self.secret_values or set(removed) & set(earlier.names):
            problem = "a version is taken as it is; change its secrets afterwards"
            raise InvalidRequest(f"secrets_version: {problem}.", {"secrets_version": problem})
        return earlier


class ListAppsQuery(QueryParameters):
    """A page of apps, by name."""

    limit: Annotated[int, Field(ge=1, le=100)] = 100
    cursor: str | None = None


class LimitsView(View):
    """The most that a task may ask for, and how many may be unfinished at once."""

    max_cpu: float | None
    max_memory: float | None
    max_hours: float | None
    max_running: int | None
    max_subscriptions: int | None
    max_commands: int | None
    max_schedules: int | None


class SecretsVersionView(View):
    """One version of an app's secrets: their names, which of them it set or took away, since when, and by whom."""

    number: int
    names: tuple[str, ...]
    changed: tuple[str, ...]
    created_at: Moment
    created_by: str


class KeptSecretsView(View):
    """The secrets that are kept for the app: tasks are given those of the current version. The last ten are told of."""

    current: int
    names: tuple[str, ...]
    versions: list[SecretsVersionView]

    @classmethod
    def of(cls, kept: KeptSecrets) -> Self:
        versions = [SecretsVersionView.showing(each) for each in kept.versions]
        return cls.showing(kept, names=kept.names, versions=versions)


class AppView(View):
    """An app; of its environment and its secrets only the names are ever shown. `secrets` are ARNs, which are none."""

    name: str
    image: str | None
    workdir: str | None
    user: str | None
    mounts: tuple[str, ...]
    networks: tuple[str, ...]
    keep_entrypoint: bool
    environment: list[str]
    cpu: float
    memory: float
    ephemeral_storage_gb: int
    max_hours: float | None
    stop_timeout: float
    queue_timeout: float
    tags: dict[str, str]
    cluster: str | None
    service: str | None
    container: str | None
    sidecars: tuple[str, ...]
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    assign_public_ip: bool | None
    capacity: tuple[str, ...]
    execution_role: str | None
    task_role: str | None
    log_group: str | None
    secrets: dict[str, str]
    kept_secrets: KeptSecretsView | None
    limits: LimitsView
    created_at: Moment
    created_by: str
    revision: int
    notes: list[str] = Field(default_factory=list)

    @classmethod
    def of(cls, app: App, notes: Sequence[str] = (), **others: Any) -> Self:
        limits = LimitsView.showing(app.limits)
        kept = KeptSecretsView.of(app.kept_secrets) if app.kept_secrets else None
        names = sorted(app.environment)
        return cls.showing(
            app, environment=names, kept_secrets=kept, limits=limits, notes=list(notes), **others
        )


class ChangedAppView(AppView):
    """The app as it is now, and the names of what was changed; none when it was so already."""

    changed: list[str]


class AppList(View):
    """Apps by name; `next` is the cursor of the next page, None on the last."""

    items: list[AppView]
    next: str | None


class AppRemovedView(View):
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
        return limits.but(**dict.fromkeys(Limits.model_fields))
    changes = {name: getattr(body.limits, name) for name in body.limits.model_fields_set}
    return limits.but(**changes)


def _consistent(app: App, body: AppFields) -> App:
    """Snap the sizes, and refuse defaults that the app's own limits would refuse to every task."""
    _refuse_too_large(app)
    refuse_too_many(app.tags)
    _refuse_contradictions(app)
    pair, _ = fit(app.cpu, app.memory, SMALLEST)
    app = app.but(cpu=pair.cpu, memory=pair.memory)
    if body.max_hours is None and app.max_hours == DEFAULT_MAX_HOURS:
        app = app.but(max_hours=min(DEFAULT_MAX_HOURS, app.limits.max_hours or DEFAULT_MAX_HOURS))
    app.refuse_defaults_beyond_limits()
    return app


def _refuse_too_large(app: App) -> None:
    """What an app keeps must fit into a task definition, and into the record."""
    for name in ("environment", "secrets"):
        size = size_of(getattr(app, name))
        if size > MAX_ENVIRONMENT:
            raise InvalidRequest(
                f"{name} takes {size} bytes in all; {MAX_ENVIRONMENT} is the most.", {name: "is too large"}
            )


def _refuse_contradictions(app: App) -> None:
    for name, needed in (("service", "cluster"), ("container", "service"), ("sidecars", "service")):
        if getattr(app, name) and getattr(app, needed) is None:
            raise InvalidRequest(f"{name}= needs {needed}= as well.", {needed: f"is missing beside {name}"})
    if app.container in app.sidecars:
        problem = f"{app.container} is the container of the command"
        raise InvalidRequest(f"{problem}; it cannot be beside itself.", {"sidecars": problem})
    _refuse_two_values(app)


def _refuse_two_values(app: App) -> None:
    both = sorted(app.environment.keys() & app.secret_names)
    if both:
        problem = f"{both[0]} is in both environment and secrets"
        raise InvalidRequest(f"{problem}; it can have only one value.", {"secrets": problem})
    twice = sorted(app.secrets.keys() & set(app.kept_secrets.names if app.kept_secrets else ()))
    if twice:
        problem = f"{twice[0]} has both an ARN and a value that is kept here"
        raise InvalidRequest(f"{problem}; unset the one before it gets the other.", {"secrets": problem})
