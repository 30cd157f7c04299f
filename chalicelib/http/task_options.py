"""What may be asked of a task beside its command, wherever tasks are asked for."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from chalicelib.domain.new_task import NewTask
from chalicelib.domain.view import View
from chalicelib.http.fields import (
    NO_OTHERS,
    ChangedTags,
    Cpu,
    Directory,
    LockName,
    MaxHours,
    Memory,
    RequestBody,
    Retries,
    RetryReasons,
    RetryWait,
    Storage,
    Tags,
    Text,
    VariableName,
    VariableValue,
)

_ABOUT_ENVIRONMENT = "beside the app's own, and before it; values are never shown"
_ABOUT_TAGS = "beside the app's, unless those have the same keys"


class TaskChanges(RequestBody):
    """What is not given stays as it is, and null gives it back to the app; for a variable or a tag, takes it away.

    `max_hours` is a number, or "none" for no limit.
    """

    image: Text | None = None
    docker_tag: Text | None = None
    cpu: Cpu | None = None
    memory: Memory | None = None
    ephemeral_storage_gb: Storage | None = None
    max_hours: MaxHours | Literal["none"] | None = None
    environment: Mapping[VariableName, VariableValue | None] = Field(
        default_factory=dict, description=_ABOUT_ENVIRONMENT, json_schema_extra=NO_OTHERS
    )
    workdir: Directory | None = None
    initiated_by: Text | None = None
    tags: ChangedTags | None = Field(default=None, description=_ABOUT_TAGS)
    interactive: bool = False
    retries: Retries | None = None
    retry_on: RetryReasons | None = None
    retry_wait: RetryWait | None = None
    lock: LockName | None = None
    if_locked: Annotated[
        Literal["wait", "refuse", "replace"],
        Field(description="while another task holds the lock: wait, be refused, or stop that one"),
    ] = "wait"

    def given(self) -> dict[str, Any]:
        """Return what was given of a task's options, whatever it is; what was not may be something else one day."""
        return {
            name: getattr(self, name) for name in TaskChanges.model_fields if name in self.model_fields_set
        }


class TaskOptions(TaskChanges):
    """What is not given is the app's default. `max_hours` is a number, or "none" for no limit."""

    environment: Mapping[VariableName, VariableValue] = Field(
        default_factory=dict, description=_ABOUT_ENVIRONMENT, json_schema_extra=NO_OTHERS
    )
    tags: Tags = Field(default_factory=dict, description=_ABOUT_TAGS)


class TaskOptionsView(View):
    """What is asked of a task beside its command; null is the app's default. Of variables only the names are shown."""

    image: str | None
    docker_tag: str | None
    cpu: float | None
    memory: float | None
    ephemeral_storage_gb: int | None
    max_hours: float | Literal["none"] | None
    environment: list[str]
    workdir: str | None
    initiated_by: str | None
    tags: dict[str, str]
    interactive: bool
    retries: int | None
    retry_on: tuple[str, ...] | None
    retry_wait: float | None
    lock: str | None

    @classmethod
    def showing_options(cls, task: NewTask, **others: Any) -> Self:
        return cls.showing(task, environment=sorted(task.environment), **others)
