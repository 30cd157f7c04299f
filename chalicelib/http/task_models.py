"""What requests about tasks and their answers look like."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.domain import price
from chalicelib.domain.diagnosis import Diagnosis, EndedBy
from chalicelib.domain.listed_task import ListedTask
from chalicelib.domain.status import Status
from chalicelib.domain.task import StopCause, Task
from chalicelib.http.fields import (
    Command,
    Cpu,
    MaxHours,
    Memory,
    Moment,
    QueryParameters,
    RequestBody,
    Storage,
    Text,
)
from chalicelib.ports import LogPage
from chalicelib.usecases.create import APP_DEFAULT, NewTask

LONGEST_WAIT = 20


class CreateTask(RequestBody):
    """What is not given is the app's default. `max_hours` is a number, or "none" for no limit.

    In an `interactive` task sessions can be opened. The command of an `attached` one runs in its creator's session,
    and the task ends with it.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"command": "python manage.py migrate", "memory": 4, "cpu": 2, "max_hours": 6}]
        }
    )

    command: Command
    image: Text | None = None
    docker_tag: Text | None = None
    cpu: Cpu | None = None
    memory: Memory | None = None
    ephemeral_storage_gb: Storage | None = None
    max_hours: MaxHours | Literal["none"] | None = None
    initiated_by: Text | None = None
    interactive: bool = False
    attached: bool = False

    def wanted(self) -> NewTask:
        return NewTask(**dict(self) | {"max_hours": self._max_hours()})

    def _max_hours(self) -> float | str | None:
        if self.max_hours is None:
            return APP_DEFAULT
        return None if self.max_hours == "none" else self.max_hours


class ExtendTask(RequestBody):
    """The new time limit, counted from the task's start."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"max_hours": 8}]})

    max_hours: MaxHours | Literal["none"]


class ShowQuery(QueryParameters):
    """With `wait`, the answer comes once the revision is above the given one."""

    wait: Annotated[
        float, Field(ge=0, le=LONGEST_WAIT, description="seconds; of use with `revision` only")
    ] = 0
    revision: Annotated[int, Field(ge=0, description="of the task as it was last seen")] = 0


class ListQuery(QueryParameters):
    """At most one of `status`, `initiated_by` and `created_by`."""

    status: Status | None = None
    initiated_by: Text | None = None
    created_by: Text | None = None
    since: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: str | None = None


class LogsQuery(ShowQuery):
    """`tail` gives the last lines and does not go with `cursor`."""

    cursor: Annotated[str, Field(max_length=1024)] | None = None
    tail: Annotated[int, Field(ge=1, le=1000)] | None = None
    limit: Annotated[int, Field(ge=1, le=10_000)] = 10_000


class Cost(BaseModel):
    """Dollars: so far or in total, and at the most (None: there is no time limit)."""

    estimate: float | None
    at_most: float | None
    basis: str = price.BASIS


class TaskSummary(BaseModel):
    """A task in a list; the command is cut to 200 characters."""

    id: str
    app: str
    command: str
    image: str | None
    docker_tag: str | None
    cpu: float
    memory: float
    initiated_by: str | None
    created_by: str
    status: Status
    exit_code: int | None
    created_at: Moment
    started_at: Moment | None
    stopped_at: Moment | None
    deadline: Moment | None

    @classmethod
    def of(cls, task: ListedTask) -> Self:
        return cls.model_construct(**{name: getattr(task, name) for name in cls.model_fields})


class TaskList(BaseModel):
    """Newest first; `next` is the cursor of the next page, None on the last."""

    items: list[TaskSummary]
    next: str | None


class ChangeView(BaseModel):
    """One line of a task's history."""

    status: Status
    time: Moment
    why: str | None


class SessionView(BaseModel):
    """Who was in a task; `command` is None for the task's own."""

    id: str
    command: str | None
    opened_by: str
    opened_at: Moment
    ended_at: Moment | None
    exit_code: int | None


class TaskView(BaseModel):
    """All there is to say about a task."""

    id: str
    app: str
    command: str
    image: str | None
    docker_tag: str | None
    cpu: float
    memory: float
    ephemeral_storage_gb: int
    max_hours: float | None
    initiated_by: str | None
    created_by: str
    interactive: bool
    attached: bool
    status: Status
    created_at: Moment
    started_at: Moment | None
    stopped_at: Moment | None
    deadline: Moment | None
    expires_at: Moment | None
    exit_code: int | None
    stop_cause: StopCause | None
    ended_by: EndedBy | None
    reason: str | None
    waiting_for: str | None
    diagnosis: Diagnosis | None
    history: list[ChangeView]
    sessions: list[SessionView]
    lost_output_bytes: int = 0
    cost: Cost
    notes: list[str] = []
    revision: int
    poll_after: float

    @classmethod
    def of(cls, task: Task, now: datetime, *, poll_after: float, notes: Sequence[str] = ()) -> Self:
        own = {name: getattr(task, name) for name in cls.model_fields if name in Task.model_fields}
        own["history"] = [ChangeView.model_construct(**dict(change)) for change in task.history]
        own["sessions"] = [SessionView.model_construct(**dict(session)) for session in task.sessions]
        return cls.model_construct(**own, cost=_cost(task, now), notes=list(notes), poll_after=poll_after)


class TaskRemovedView(BaseModel):
    """The record is gone."""

    id: str
    removed: Literal[True] = True


class LogLineView(BaseModel):
    """One line, without its newline."""

    time: Moment
    message: str


class LogView(BaseModel):
    """Output, oldest first. `next` goes on where this ends; complete means that nothing will follow."""

    items: list[LogLineView]
    next: str
    complete: bool
    status: Status
    waiting_for: str | None
    revision: int
    lost_output_bytes: int
    poll_after: float

    @classmethod
    def of(cls, task: Task, page: LogPage, cursor: str, poll_after: float) -> Self:
        return cls.model_construct(
            items=[LogLineView.model_construct(time=line.time, message=line.message) for line in page.lines],
            next=cursor,
            complete=page.is_complete,
            status=task.status,
            waiting_for=task.waiting_for,
            revision=task.revision,
            lost_output_bytes=page.lost_bytes,
            poll_after=poll_after,
        )


def _cost(task: Task, now: datetime) -> Cost:
    ran = (task.stopped_at or now) - task.started_at if task.started_at else None
    limit = None if task.max_hours is None else timedelta(hours=task.max_hours)
    storage = task.ephemeral_storage_gb
    return Cost(
        estimate=None if ran is None else price.dollars(task.size, storage, ran),
        at_most=None if limit is None else price.dollars(task.size, storage, limit),
    )
