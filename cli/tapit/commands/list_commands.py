"""`tapit list commands`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.display import command_list
from tapit.home.client import segment
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import SavedCommand


def run(call: Call) -> int:
    pages = call.client.pages(f"/apps/{segment(call.app())}/commands", {})
    commands: list[SavedCommand] = [one for page in pages for one in page["items"]]
    command_list.print_list(call, commands)
    if not commands:
        create = call.typed_in_app("create command name=NAME 'LINE'")
        call.say_none("No saved commands yet.", "Save one with", create, takes="operator")
    return 0


COMMAND = Command("list commands", example="tapit list commands")
