"""`tapit rerun task=ID`"""

from tapit.call import Call
from tapit.commands.create_task import refuse_contradictions, send, to_the_end
from tapit.home.client import segment
from tapit.language import task_keys, unsetting
from tapit.language.command import TASK, TIMEOUT, WAIT_FLAGS, Command


def run(call: Call) -> int:
    refuse_contradictions(call)
    body = unsetting.with_unset(task_keys.body(call.settings), call.settings)
    return to_the_end(call, send(call, f"/tasks/{segment(call.task_id())}/rerun", body))


COMMAND = Command(
    "rerun",
    example="tapit rerun task=1jd3m8k7x2qf memory=8 -w",
    word="task",
    required=("task",),
    keys=(
        TASK,
        task_keys.LINE,
        *task_keys.OPTIONS,
        task_keys.INTERACTIVE,
        unsetting.UNSET_ENV,
        unsetting.UNSET_TAG,
        unsetting.unset(task_keys.UNSETTABLE),
        TIMEOUT,
    ),
    flags=WAIT_FLAGS,
    needless=((("command",), "It runs what the earlier task ran; line='...' runs another line."),),
    details="A new task like the earlier one: its command, its size, its variables, whose values the home has kept.\n"
    "Options go before those, and variables one by one; a line in quotes runs instead of its own. What a task\n"
    "has from its app, such as secrets and the image of a service, it gets as they are now. The saved command that\n"
    "it came from may be another by now, or gone. One that ran at a terminal runs without any.",
)
