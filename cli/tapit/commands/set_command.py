"""`tapit set command NAME ['LINE'] key=value`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import change, path_of, told_unchanged
from tapit.call import Call
from tapit.commands.create_task import refuse_two_images
from tapit.display import for_scripts
from tapit.language import command_keys, unsetting
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import ChangedCommand


def run(call: Call) -> int:
    refuse_two_images(call)
    body = unsetting.with_unset(command_keys.body(call.settings), call.settings)
    changed: ChangedCommand = change(call, "command", path_of(call, "commands"), body)
    if not told_unchanged(call, "command", changed):
        call.say(f"Changed command {changed['name']}; this is its revision {changed['revision']}.")
    for_scripts.print_answer(call, changed)
    return 0


COMMAND = Command(
    "set command",
    example="tapit set command name=migrate memory=8 unset_env=OLD_KEY",
    word="name",
    required=("name",),
    keys=(
        command_keys.NAME,
        *command_keys.CHANGEABLE,
        unsetting.UNSET_ENV,
        unsetting.UNSET_TAG,
        unsetting.unset(command_keys.UNSETTABLE),
    ),
    details="Its creator may change it, and so may admins. A new line stands in quotes, or as line='...'.\n\n"
    + command_keys.DETAILS,
)
