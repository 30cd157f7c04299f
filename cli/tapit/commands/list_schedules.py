"""`tapit list schedules`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import all_at, path_of_all
from tapit.call import Call
from tapit.display import schedule_list, schedule_words
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import Schedule


def run(call: Call) -> int:
    schedules: list[Schedule] = all_at(call, path_of_all(call, "schedules"))
    schedule_list.print_list(call, schedules)
    if not schedules:
        make = call.typed_in_app("create schedule name=nightly 'COMMAND' cron='0 2 * * *'")
        call.say(f"No schedules yet. Make one with: {make}" if call.may("operator") else "No schedules yet.")
    elif call.output == "table":
        for one in [each for each in schedules if schedule_words.why_in_trouble(each)][:1]:
            call.hint("more", schedule_words.command(call, "show", one["name"]))
    return 0


COMMAND = Command(
    "list schedules",
    example="tapit list schedules",
    details="When each runs next, how the last run ended, and when it is due. Why one has paused itself, cannot run,\n"
    "or has left its last time out, is below it.",
)
