"""What requests about saved commands and their answers look like."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field

from chalicelib.domain import ids
from chalicelib.domain.lock import IfLocked
from chalicelib.domain.new_task import NewTask
from chalicelib.domain.saved_command import SavedCommand
from chalicelib.domain.view import Moment, View
from chalicelib.http.fields import Command, CommandName, Description, QueryParameters
from chalicelib.http.task_options import TaskChanges, TaskOptions, TaskOptionsView


class CreateCommand(TaskOptions):
    """What its tasks are; what is not given is the app's default when they are created."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "migrate", "command": "python manage.py migrate", "memory": 4}]
        }
    )

    name: CommandName
    command: Command
    description: Description | None = None

    def saved(self, app: str, now: datetime, created_by: str) -> SavedCommand:
        return SavedCommand(
            id=ids.new_id(now),
            app=app,
            name=self.name,
            description=self.description,
            task=NewTask(command=self.command, **self.given()),
            created_at=now,
            created_by=created_by,
        )


class ChangeCommand(TaskChanges):
    """Only what is given changes. Tasks that are there already stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"memory": 8, "environment": {"OLD": None}}]})

    command: Command | None = None
    description: Description | None = None

    def applied_to(self, saved: SavedCommand) -> SavedCommand:
        line = {} if self.command is None else {"command": self.command}
        changed = saved.but(task=saved.task.overridden_by(self.given() | line))
        return (
            changed.but(description=self.description) if "description" in self.model_fields_set else changed
        )


class ListCommandsQuery(QueryParameters):
    """A page of an app's commands, by name."""

    limit: Annotated[int, Field(ge=1, le=100)] = 100
    cursor: str | None = None


class CommandView(TaskOptionsView):
    """A saved command; of its variables only the names."""

    app: str
    name: str
    description: str | None
    command: str
    if_locked: IfLocked
    created_at: Moment
    created_by: str
    revision: int

    @classmethod
    def of(cls, saved: SavedCommand, **others: Any) -> Self:
        fields = ("app", "name", "description", "created_at", "created_by", "revision")
        return cls.showing_options(saved.task, **{name: getattr(saved, name) for name in fields}, **others)


class ChangedCommandView(CommandView):
    """The command as it is now, and the names of what was changed; none when it was so already."""

    changed: list[str]


class CommandList(View):
    """Commands by name; `next` is the cursor of the next page, None on the last."""

    items: list[CommandView]
    next: str | None


class CommandRemovedView(View):
    """The command is gone; its tasks are not. `schedules` are those that run it, and cannot any more."""

    name: str
    schedules: list[str]
    removed: Literal[True] = True
