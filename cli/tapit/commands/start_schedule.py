"""`tapit start schedule NAME`"""

from __future__ import annotations

from tapit.by_name import path_of
from tapit.call import Call
from tapit.commands.create_task import refuse_flags_without_wait, send, to_the_end
from tapit.language import schedule_keys
from tapit.language.command import TIMEOUT, WAIT_FLAGS, Command


def run(call: Call) -> int:
    refuse_flags_without_wait(call)
    return to_the_end(call, send(call, f"{path_of(call, 'schedules')}/start", {}))


COMMAND = Command(
    "start schedule",
    example="tapit start schedule name=nightly --wait",
    word="name",
    required=("name",),
    keys=(schedule_keys.NAME, TIMEOUT),
    flags=WAIT_FLAGS,
    details="What overlap= says of a run that is due holds for this one too, and its next time stays as it is. One\n"
    "that is switched off or paused can be started as well.",
)
