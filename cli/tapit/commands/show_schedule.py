"""`tapit show schedule NAME`"""

from tapit.by_name import path_of, show
from tapit.call import Call
from tapit.display import schedule_block
from tapit.language import schedule_keys
from tapit.language.command import Command


def run(call: Call) -> int:
    return show(call, path_of(call, "schedules"), schedule_block.print_schedule)


COMMAND = Command(
    "show schedule",
    example="tapit show schedule name=nightly",
    word="name",
    required=("name",),
    keys=(schedule_keys.NAME,),
    details="Each run tells its task and how that ended, or why there is none.",
)
