"""`tapit wait ID`"""

from tapit.call import Call
from tapit.client import segment
from tapit.grammar import TASK, TIMEOUT, Command, Flag


def run(call: Call) -> int:
    from tapit.waiting import Waiting

    task = call.client.get(f"/tasks/{segment(call.text('task'))}")
    return Waiting(call, task).to_the_end(stream_output=False)


COMMAND = Command(
    "wait",
    None,
    "Wait for a task, and exit with its exit code.",
    run,
    example="tapit wait task=1jd3m8k7x2qf --timeout 10m",
    word="task",
    required=("task",),
    keys=(TASK, TIMEOUT),
    flags=(Flag("cancel_on_interrupt", "Ctrl-C or SIGTERM stops the task as well"),),
    details="Ctrl-C stops the waiting, not the task. A failure of tapit's own exits with 125.",
)
