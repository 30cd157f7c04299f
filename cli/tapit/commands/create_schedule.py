"""`tapit create schedule name=NAME 'COMMAND' cron='...'`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import path_of_all
from tapit.call import Call
from tapit.commands.create_task import naming_the_command, refuse_two_images, require_a_command
from tapit.display import for_scripts, schedule_words
from tapit.errors import UsageError
from tapit.language import schedule_keys, task_keys
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import SavedSchedule, Schedule


def run(call: Call) -> int:
    refuse_two_images(call)
    require_a_command(call)
    _refuse_without_time(call)
    body = {"name": call.text("name"), **schedule_keys.body(call.settings)}
    with naming_the_command(call):
        made: SavedSchedule = call.client.send("POST", path_of_all(call, "schedules"), body)
    call.say(f"Created schedule {made['name']}: {made['in_words']}.")
    call.say_notes(made)
    say_next(call, made)
    call.hint("now", schedule_words.command(call, "start", made["name"]))
    call.hint("look", schedule_words.command(call, "show", made["name"]))
    for_scripts.print_answer(call, made)
    return 0


def say_next(call: Call, schedule: Schedule) -> None:
    due = schedule_words.starts_at(schedule)
    if due:
        call.say(f"  It runs next {schedule_words.ahead(due)}: {due}.")
    elif not schedule.get("enabled", True) or schedule.get("paused"):
        state = "has paused itself" if schedule.get("enabled", True) else "is off"
        again = schedule_words.command(call, "set", schedule["name"], "enabled=true")
        call.say(f"  It {state}. On again: {again}")


def _refuse_without_time(call: Call) -> None:
    if not any(name in call.settings for name in schedule_keys.WHEN):
        raise UsageError(
            "nothing says when it is due",
            "cron='0 2 * * *' is at 02:00 every day, every=15m each quarter of an hour, at=2026-12-24T20:00 once.",
            f"give one of {', '.join(schedule_keys.WHEN)}",
        )


COMMAND = Command(
    "create schedule",
    example="tapit create schedule name=nightly 'python manage.py report' cron='0 2 * * *'",
    word="line",
    name_first=True,
    required=("name",),
    keys=(schedule_keys.NEW_NAME, *schedule_keys.CHANGEABLE, *schedule_keys.OF_TASKS, task_keys.INTERACTIVE),
    needless=(schedule_keys.NO_IF_LOCKED,),
    details=schedule_keys.DETAILS + "\n\n" + task_keys.ABOUT_COMMANDS,
)
