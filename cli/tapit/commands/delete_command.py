"""`tapit delete command NAME`"""

from tapit.call import Call
from tapit.commands.show_command import path_of
from tapit.display import for_scripts
from tapit.errors import CommandNotFound
from tapit.language import command_keys
from tapit.language.command import Command


def run(call: Call) -> int:
    name = call.text("name")
    gone = call.client.remove(path_of(call), CommandNotFound)
    call.say(gone or f"Removed command {name}; its tasks stay.")
    for_scripts.print_answer(call, {"name": name, "removed": gone is None})
    return 0


COMMAND = Command(
    "delete command",
    example="tapit delete command name=migrate",
    word="name",
    required=("name",),
    keys=(command_keys.NAME,),
    details="It does not ask. Its creator may delete it, and so may admins. One that is gone already is no error.\n"
    "A schedule that runs it says so from its next time on.",
)
