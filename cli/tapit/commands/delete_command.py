"""`tapit delete command NAME`"""

from tapit.by_name import delete, path_of
from tapit.call import Call
from tapit.errors import CommandNotFound
from tapit.language import command_keys
from tapit.language.command import Command


def run(call: Call) -> int:
    said = f"Removed command {call.text('name')}; its tasks stay."
    return delete(call, path_of(call, "commands"), CommandNotFound, said)


COMMAND = Command(
    "delete command",
    example="tapit delete command name=migrate",
    word="name",
    required=("name",),
    keys=(command_keys.NAME,),
    details="It does not ask. Its creator may delete it, and so may admins. One that is gone already is no error.\n"
    "A schedule that runs it says so from its next time on.",
)
