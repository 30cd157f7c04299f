"""`tapit create task 'COMMAND'`"""

from tapit import new_task, tasks, values
from tapit.call import Call
from tapit.errors import UsageError
from tapit.grammar import TIMEOUT, WAIT_FLAGS, Command, Key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run(call: Call) -> int:
    _refuse_contradictions(call)
    more = {"interactive": call.get("interactive")} if "interactive" in call.settings else {}
    task = new_task.create(call, **more)
    waits = "wait" in call.flags
    _announce(call, task, waits=waits)
    if not waits:
        tasks.print_one(call, task)
        return 0
    if call.chosen_output == "id":
        tasks.print_one(call, task)
    from tapit.waiting import Waiting

    return Waiting(call, task).to_the_end(stream_output=True)


def _refuse_contradictions(call: Call) -> None:
    new_task.refuse_two_images(call)
    for name, given in (("timeout", call.settings), ("cancel_on_interrupt", call.flags)):
        if name in given and "wait" not in call.flags:
            raise UsageError(f"--{name.replace('_', '-')} goes with --wait", then="add -w")


def _announce(call: Call, task: "dict[str, Any]", *, waits: bool) -> None:
    call.say(f"Created task {task['id']}.")
    call.say_notes(task)
    if not waits:
        call.hint("follow", f"tapit logs -f task={task['id']}")
        call.hint("wait", f"tapit wait task={task['id']}")


COMMAND = Command(
    "create",
    "task",
    "Run a command in a container of its own.",
    run,
    example="tapit create task 'python manage.py migrate' --wait",
    word="command",
    required=("command",),
    keys=(
        *new_task.KEYS,
        Key(
            "interactive",
            values.yes_or_no,
            "true: tapit shell can open a shell in it while it runs",
            placeholder="true|false",
            choices=("true", "false"),
        ),
        TIMEOUT,
    ),
    flags=WAIT_FLAGS,
    details=new_task.ABOUT_COMMANDS,
)
