"""`tapit wait ID...`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.each_task import EachTask
from tapit.home.client import segment
from tapit.language.command import TASKS_THAT_RUN, TIMEOUT, Command, Flag

if TYPE_CHECKING:
    from tapit.home.answers import Task


def run(call: Call) -> int:
    from tapit.waiting.wait import Waiting

    tasks = EachTask(call)
    found = tasks.do(lambda task_id: _look(call, task_id))
    if found:
        tasks.say_failures()
    waiting = Waiting(call, *found)
    code = waiting.to_the_end(stream_output=False) if found else 0
    if not waiting.is_interrupted:
        tasks.raise_failures("waited for")
    return code


def _look(call: Call, task_id: str) -> Task:
    task: Task = call.client.get(f"/tasks/{segment(task_id)}")
    return task


COMMAND = Command(
    "wait",
    example="tapit wait task=1jd3m8k7x2qf --timeout 10m",
    word="task",
    required=("task",),
    keys=(TASKS_THAT_RUN, TIMEOUT),
    needless=((("-w", "--wait"), "It is what it does."),),
    flags=(Flag("cancel_on_interrupt", "Ctrl-C or SIGTERM stops the tasks as well"),),
    details=(
        "Ctrl-C stops the waiting, not the task. A failure of tapit's own exits with 125.\n\n"
        "Several tasks are waited for until all have ended, within one --timeout. The exit code is that of the first\n"
        "one that failed, in the order in which they are named; 125 when one of them could not be waited for."
    ),
)
