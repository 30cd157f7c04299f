"""`tapit create command name=NAME 'LINE'`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import path_of_all
from tapit.call import Call
from tapit.commands.create_task import refuse_two_images
from tapit.display import for_scripts
from tapit.language import command_keys, task_keys
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import SavedCommand


def run(call: Call) -> int:
    refuse_two_images(call)
    body = {"name": call.text("name"), **command_keys.body(call.settings)}
    made: SavedCommand = call.client.send("POST", path_of_all(call, "commands"), body)
    call.say(f"Saved command {made['name']} of app {made['app']}.")
    call.hint("run it", call.typed_in_app(f"create task command={made['name']} -w"))
    for_scripts.print_answer(call, made)
    return 0


COMMAND = Command(
    "create command",
    example="tapit create command name=migrate 'python manage.py migrate'",
    word="line",
    name_first=True,
    required=("name", "line"),
    keys=(command_keys.NEW_NAME, *command_keys.CHANGEABLE),
    details=command_keys.DETAILS + "\n\n" + task_keys.ABOUT_COMMANDS,
)
