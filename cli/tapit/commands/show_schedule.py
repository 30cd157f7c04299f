"""`tapit show schedule NAME`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.display import for_scripts, schedule_block
from tapit.home.client import segment
from tapit.language import schedule_keys
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import ScheduleDetails


def run(call: Call) -> int:
    schedule: ScheduleDetails = call.client.get(path_of(call))
    if call.output == "table":
        schedule_block.print_schedule(call, schedule)
    else:
        for_scripts.print_answer(call, schedule)
    return 0


def path_of(call: Call) -> str:
    return f"/apps/{segment(call.app())}/schedules/{segment(call.text('name'))}"


COMMAND = Command(
    "show schedule",
    example="tapit show schedule name=nightly",
    word="name",
    required=("name",),
    keys=(schedule_keys.NAME,),
    details="Each run tells its task and how that ended, or why there is none.",
)
