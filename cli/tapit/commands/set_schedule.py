"""`tapit set schedule NAME ['LINE'] key=value`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import change, path_of, told_unchanged
from tapit.call import Call
from tapit.commands.create_schedule import say_next
from tapit.commands.create_task import naming_the_command, refuse_two_images
from tapit.display import for_scripts
from tapit.language import schedule_keys, task_keys, unsetting
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import ChangedSchedule


def run(call: Call) -> int:
    refuse_two_images(call)
    body = unsetting.with_unset(schedule_keys.body(call.settings), call.settings)
    with naming_the_command(call):
        changed: ChangedSchedule = change(call, "schedule", path_of(call, "schedules"), body)
    if not told_unchanged(call, "schedule", changed):
        call.say(f"Changed schedule {changed['name']}: {changed['in_words']}.")
        call.say_notes(changed)
        say_next(call, changed)
    for_scripts.print_answer(call, changed)
    return 0


COMMAND = Command(
    "set schedule",
    example="tapit set schedule name=nightly cron='30 3 * * *' memory=4",
    word="name",
    required=("name",),
    keys=(
        schedule_keys.NAME,
        *schedule_keys.CHANGEABLE,
        *schedule_keys.OF_TASKS,
        task_keys.INTERACTIVE,
        unsetting.UNSET_ENV,
        unsetting.UNSET_TAG,
        unsetting.unset(schedule_keys.UNSETTABLE),
    ),
    needless=(schedule_keys.NO_IF_LOCKED,),
    details="A new time takes the place of the old one, and so does a new line in quotes or command=. Its creator may\n"
    "change it, and admins may. What runs already stays as it is.\n\n" + schedule_keys.DETAILS,
)
