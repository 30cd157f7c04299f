"""`tapit show command NAME`"""

from tapit.by_name import path_of, show
from tapit.call import Call
from tapit.display import command_block
from tapit.language import command_keys
from tapit.language.command import Command


def run(call: Call) -> int:
    return show(call, path_of(call, "commands"), command_block.print_command)


COMMAND = Command(
    "show command",
    example="tapit show command name=migrate",
    word="name",
    required=("name",),
    keys=(command_keys.NAME,),
)
