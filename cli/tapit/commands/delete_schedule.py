"""`tapit delete schedule NAME`"""

from tapit.call import Call
from tapit.commands.show_schedule import path_of
from tapit.display import for_scripts
from tapit.errors import ScheduleNotFound
from tapit.language import schedule_keys
from tapit.language.command import Command


def run(call: Call) -> int:
    name = call.text("name")
    gone = call.client.remove(path_of(call), ScheduleNotFound)
    call.say(gone or f"Removed schedule {name}; its tasks stay.")
    for_scripts.print_answer(call, {"name": name, "removed": gone is None})
    return 0


COMMAND = Command(
    "delete schedule",
    example="tapit delete schedule name=nightly",
    word="name",
    required=("name",),
    keys=(schedule_keys.NAME,),
    details="It does not ask. One that is gone already is no error. Its creator may, and admins.",
)
