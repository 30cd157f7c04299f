"""`tapit delete schedule NAME`"""

from tapit.by_name import delete, path_of
from tapit.call import Call
from tapit.errors import ScheduleNotFound
from tapit.language import schedule_keys
from tapit.language.command import Command


def run(call: Call) -> int:
    said = f"Removed schedule {call.text('name')}; its tasks stay."
    return delete(call, path_of(call, "schedules"), ScheduleNotFound, said)


COMMAND = Command(
    "delete schedule",
    example="tapit delete schedule name=nightly",
    word="name",
    required=("name",),
    keys=(schedule_keys.NAME,),
    details="It does not ask. One that is gone already is no error. Its creator may, and admins.",
)
