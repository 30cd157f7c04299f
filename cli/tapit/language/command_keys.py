"""What can be said of a saved command, for `create command` and `set command` alike."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.language import task_keys, values
from tapit.language.command import Key

if TYPE_CHECKING:
    from typing import Any

NAME = Key("name", values.name, "the saved command", placeholder="NAME", offers="commands")
NEW_NAME = Key("name", values.new_name, "what to call it: migrate", placeholder="NAME", may_hold_spaces=True)
CHANGEABLE = (task_keys.LINE, task_keys.DESCRIPTION, *task_keys.OPTIONS, task_keys.INTERACTIVE)
UNSETTABLE = (task_keys.DESCRIPTION.name, *task_keys.UNSETTABLE)
DETAILS = (
    "What a task takes from it is copied into the task: one that is there already stays as it is. With a task,\n"
    "options go before those of its command, and variables one by one: tapit create task command=migrate memory=8"
)


def body(given: dict[str, Any]) -> dict[str, object]:
    """The request's body, holding what was given and nothing else."""
    said = {"description": given["description"]} if "description" in given else {}
    return {**said, **task_keys.body(given)}
