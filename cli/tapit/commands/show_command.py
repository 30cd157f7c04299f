"""`tapit show command NAME`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.display import command_block, for_scripts
from tapit.home.client import segment
from tapit.language import command_keys
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import SavedCommand


def run(call: Call) -> int:
    saved: SavedCommand = call.client.get(path_of(call))
    if call.output == "table":
        command_block.print_command(call, saved)
    else:
        for_scripts.print_answer(call, saved)
    return 0


def path_of(call: Call) -> str:
    return f"/apps/{segment(call.app())}/commands/{segment(call.text('name'))}"


COMMAND = Command(
    "show command",
    example="tapit show command name=migrate",
    word="name",
    required=("name",),
    keys=(command_keys.NAME,),
)
