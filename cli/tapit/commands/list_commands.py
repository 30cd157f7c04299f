"""`tapit list commands`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import all_at, path_of_all
from tapit.call import Call
from tapit.display import command_list
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import SavedCommand


def run(call: Call) -> int:
    commands: list[SavedCommand] = all_at(call, path_of_all(call, "commands"))
    command_list.print_list(call, commands)
    if not commands:
        create = call.typed_in_app("create command name=NAME 'LINE'")
        call.say_none("No saved commands yet.", "Save one with", create, takes="operator")
    return 0


COMMAND = Command("list commands", example="tapit list commands")
