"""`tapit delete command NAME`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import delete, path_of
from tapit.call import Call
from tapit.display import schedule_words
from tapit.errors import CommandNotFound
from tapit.language import command_keys
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import RemovedCommand


def run(call: Call) -> int:
    said = f"Removed command {call.text('name')}; its tasks stay."
    return delete(
        call,
        path_of(call, "commands"),
        CommandNotFound,
        said,
        lambda removed: _say_what_ran_it(call, removed),
    )


def _say_what_ran_it(call: Call, removed: RemovedCommand) -> None:
    names = removed.get("schedules") or []  # an older home tells none
    if names:
        noun, verb = ("schedule", "runs") if len(names) == 1 else ("schedules", "run")
        call.say(f"The {noun} {', '.join(names)} {verb} it, and cannot any more.", "yellow")
        call.hint("give", schedule_words.command(call, "set", names[0], "command=ANOTHER"))


COMMAND = Command(
    "delete command",
    example="tapit delete command name=migrate",
    word="name",
    required=("name",),
    keys=(command_keys.NAME,),
    details="It does not ask. Its creator may delete it, and so may admins. One that is gone already is no error.\n"
    "Schedules that run it are named: they cannot run any more, until they are given another.",
)
