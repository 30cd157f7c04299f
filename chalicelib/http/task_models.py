"""What requests about tasks and their answers look like."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, WithJsonSchema

from chalicelib.domain import ids
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.listed_task import ListedTask
from chalicelib.domain.new_task import NewTask
from chalicelib.domain.saved_command import OfCommand
from chalicelib.domain.status import Status
from chalicelib.domain.task import EarlierTry, Task
from chalicelib.domain.task_filter import FilterBy, TaskFilter
from chalicelib.domain.task_view import PublicTask
from chalicelib.domain.view import Moment, View
from chalicelib.http.fields import (
    NAME_IN_WORDS,
    Command,
    CommandName,
    MaxHours,
    QueryParameters,
    RequestBody,
    Tag,
    Text,
)
from chalicelib.http.task_options import TaskChanges, TaskOptions
from chalicelib.ports import Changes, LogPage, LogText, TaskQuery

LONGEST_WAIT = 20
BEGINNING = rf"^[{ids.ALPHABET}]{{1,{ids.LENGTH}}}$"


def _statuses(given: list[str]) -> tuple[Status, ...]:
    """Each once and in one order, so that a cursor is good for the same ones however they were written."""
    try:
        wanted = {Status(one) for one in given}
    except ValueError:
        raise ValueError(f"must be one of {', '.join(Status)}, or several of them") from None
    return tuple(status for status in Status if status in wanted)


Statuses = Annotated[
    tuple[Status, ...],
    BeforeValidator(_statuses),
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "string", "enum": list(Status)},
            "minItems": 1,
            "description": "repeated, or with commas between",
        }
    ),
]


def _has(field: str) -> dict[str, Any]:
    return {"required": [field], "properties": {field: {"type": "string"}}}


class CreateTask(TaskOptions):
    """What is not given is the app's default. `max_hours` is a number, or "none" for no limit.

    In an `interactive` task sessions can be opened. The command of an `attached` one runs in its creator's session,
    and the task ends with it.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"command": "python manage.py migrate", "memory": 4, "cpu": 2, "max_hours": 6}],
            "oneOf": [_has("command"), _has("command_name")],
        }
    )

    command: Command | None = None
    command_name: (
        Annotated[
            CommandName,
            Field(description=f"the name of a saved command, instead of a line: {NAME_IN_WORDS}"),
        ]
        | None
    ) = None
    attached: bool = False

    def wanted(self) -> NewTask | OfCommand:
        if (self.command is None) is (self.command_name is None):
            problem = "give command or command_name, and not both"
            raise InvalidRequest(
                f"A task needs a command: {problem}.", dict.fromkeys(("command", "command_name"), problem)
            )
        if self.command_name is not None:
            return OfCommand(self.command_name, self.given() | {"attached": self.attached})
        asked = NewTask(**dict(self))
        asked.refuse_what_cannot_be()
        return asked


class RerunTask(TaskChanges):
    """What is given goes before what the earlier task was told: variables and tags one by one, where null is none."""

    may_be_left_out = True

    model_config = ConfigDict(json_schema_extra={"examples": [{"memory": 8}]})

    command: Command | None = None

    def changes(self) -> dict[str, Any]:
        return self.given() | ({} if self.command is None else {"command": self.command})


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
    """At most one of initiated_by, created_by and tag, and beside it status, which may name several."""

    several: ClassVar[frozenset[str]] = frozenset({"status"})

    status: Statuses | None = None
    initiated_by: Text | None = None
    created_by: Text | None = None
    tag: Tag | None = None
    since: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: str | None = None
    id: Annotated[str, Field(pattern=BEGINNING, description="the beginning of an id")] | None = None

    def wanted(self, app_name: str, after_id: str | None) -> tuple[TaskQuery, tuple[Status, ...]]:
        """Return what the store is asked for, and the statuses that are looked for in what it finds.

        Raise InvalidRequest when several filters were given of which there can be one.
        """
        given = {by: getattr(self, by) for by in FilterBy if by is not FilterBy.STATUS}
        others = [TaskFilter(by, (value,)) for by, value in given.items() if value is not None]
        if len(others) > 1:
            names = [str(each.by) for each in others]
            problem = f"Filter by one of {', '.join(names)}, not by {len(names)} of them."
            raise InvalidRequest(problem, dict.fromkeys(names, "only one filter at a time, beside status"))
        by_status = [TaskFilter(FilterBy.STATUS, self.status)] if self.status else []
        only = next(iter((*others, *by_status)), None)
        query = TaskQuery(app_name, self.limit, only, self.since, after_id, id_begins=self.id or "")
        return query, (self.status or ()) if others else ()


class LogsQuery(ShowQuery):
    """`tail` gives the last lines and does not go with `cursor`."""

    cursor: Annotated[str, Field(max_length=1024)] | None = None
    tail: Annotated[int, Field(ge=1, le=10_000)] | None = None
    limit: Annotated[int, Field(ge=1, le=10_000)] = 10_000
    unfinished: Annotated[bool, Field(description="also what there is of a line without an end")] = False


class TaskSummary(View):
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
    tags: dict[str, str]
    command_name: str | None
    command_revision: int | None
    rerun_of: str | None
    status: Status
    waiting_for: str | None
    exit_code: int | None
    created_at: Moment
    started_at: Moment | None
    stopped_at: Moment | None
    deadline: Moment | None
    retries: int
    try_number: int
    retried_by: str | None

    @classmethod
    def of(cls, task: ListedTask) -> Self:
        return cls.model_construct(**{name: getattr(task, name) for name in cls.model_fields})


class TaskList(View):
    """Newest first; `next` is the cursor of the next page, None on the last.

    By status beside another filter a page looks at a thousand tasks at most: it may hold few, or none, and have a next.
    """

    items: list[TaskSummary]
    next: str | None


class TryView(View):
    """One of the tries of a task: itself, or another task."""

    id: str
    number: int
    status: Status | str
    exit_code: int | None


class TaskView(PublicTask):
    """All there is to say about a task; of the variables of its own only the names.

    `tries` are those of a task with `retries`, in order, itself among them. `waits_until` is when one that waits for
    its lock gives up. `driver` is what runs it, `process`, `docker` or `ecs`, and `image_used` what it runs in, as the
    driver was told it: neither is known before its launch.
    """

    driver: str | None
    image_used: str | None
    waits_until: Moment | None
    tries: list[TryView]
    notes: list[str] = Field(default_factory=list)
    poll_after: float

    @classmethod
    def of(
        cls,
        task: Task,
        now: datetime,
        changes: Changes,
        notes: Sequence[str] = (),
        later: Sequence[Task] = (),
    ) -> Self:
        poll_after = changes.poll_after(task, now, has_output=False)
        tries = _tries(task, later) if task.retries else []
        waits_until = task.waits_until if task.waits_its_turn and task.waiting_for else None
        plan = task.launch.plan if task.launch else {}
        return cls.at(
            task,
            now,
            driver=plan.get("driver"),
            image_used=plan.get("image"),
            waits_until=waits_until,
            tries=tries,
            notes=list(notes),
            poll_after=poll_after,
        )


def _tries(task: Task, later: Sequence[Task]) -> list[TryView]:
    every: tuple[EarlierTry | Task, ...] = (*task.earlier_tries, task, *later)
    return [
        TryView(id=each.id, number=number, status=each.status, exit_code=each.exit_code)
        for number, each in enumerate(every, start=1)
    ]


class TaskRemovedView(View):
    """The record is gone."""

    id: str
    removed: Literal[True] = True


class LogLineView(View):
    """One line, without its newline."""

    time: Moment
    message: str


class LogState(View):
    """Where a page of output ends: `next` goes on from there; complete means that nothing will follow."""

    next: str
    complete: bool
    unfinished: bool
    status: Status
    attached: bool
    retried_by: str | None
    waiting_for: str | None
    revision: int
    lost_output_bytes: int
    poll_after: float

    @classmethod
    def of(cls, task: Task, page: LogPage | LogText, cursor: str, poll_after: float) -> Self:
        return cls.model_construct(
            next=cursor,
            complete=page.is_complete,
            unfinished=page.is_unfinished,
            status=task.status,
            attached=task.attached,
            retried_by=task.retried_by,
            waiting_for=task.waiting_for,
            revision=task.revision,
            lost_output_bytes=page.lost_bytes,
            poll_after=poll_after,
        )


class LogView(LogState):
    """Output, oldest first. `next` goes on where this ends; complete means that nothing will follow."""

    items: list[LogLineView]

    @classmethod
    def with_lines(cls, state: LogState, page: LogPage) -> Self:
        lines = [LogLineView.model_construct(time=line.time, message=line.message) for line in page.lines]
        return cls.model_construct(items=lines, **dict(state))
