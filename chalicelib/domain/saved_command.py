"""A command: a task that an app's people have saved under a name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import AwareDatetime

from chalicelib.domain.app import too_many_commands
from chalicelib.domain.errors import CommandExists, CommandNotFound
from chalicelib.domain.named_record import Kind, NamedRecord
from chalicelib.domain.new_task import NewTask


class SavedCommand(NamedRecord):
    """What a task takes from it is copied into the task: that one stays as it is when the command changes."""

    description: str | None = None
    task: NewTask
    created_at: AwareDatetime
    created_by: str

    def asked_with(self, given: Mapping[str, Any]) -> NewTask:
        """Return what a task is asked to be that comes of it, with what is `given` before what it says itself."""
        asked = self.task.overridden_by(given)
        return asked.but(command_name=self.name, command_revision=self.revision)


@dataclass(frozen=True)
class OfCommand:
    """What a task is asked to be by the name of a saved command, with what is given before what that says."""

    name: str
    given: Mapping[str, Any]


COMMANDS = Kind(SavedCommand, "command", CommandNotFound, CommandExists, too_many_commands)
