"""`tapit start schedule NAME`"""

from __future__ import annotations

from tapit.by_name import naming_the_nearest, path_of
from tapit.call import Call
from tapit.commands.create_task import refuse_flags_without_wait, send, to_the_end
from tapit.language import schedule_keys, task_keys
from tapit.language.command import TIMEOUT, WAIT_FLAGS, Command

OPTIONS_OF_TASKS = tuple(key.name for key in (*task_keys.KEYS, task_keys.INTERACTIVE))


def run(call: Call) -> int:
    refuse_flags_without_wait(call)
    path = path_of(call, "schedules")
    with naming_the_nearest(call, path):
        task = send(call, f"{path}/start", {})
    return to_the_end(call, task)


COMMAND = Command(
    "start schedule",
    example="tapit start schedule name=nightly --wait",
    word="name",
    required=("name",),
    keys=(schedule_keys.NAME, TIMEOUT),
    needless=(
        (("if_locked",), "The schedule's overlap= says what becomes of a run while its lock is held."),
        (OPTIONS_OF_TASKS, "It runs what the schedule says; tapit set schedule changes that."),
    ),
    flags=WAIT_FLAGS,
    details="What overlap= says of a run that is due holds for this one too, and its next time stays as it is. One\n"
    "that is switched off or paused can be started as well.",
)
