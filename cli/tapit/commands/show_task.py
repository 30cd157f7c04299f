"""`tapit show task ID`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.display import task_block, task_list
from tapit.home.client import segment
from tapit.language.command import TASK, Command

if TYPE_CHECKING:
    from tapit.home.answers import Task


def run(call: Call) -> int:
    task: Task = call.client.get(f"/tasks/{segment(call.task_id())}")
    if call.output == "id":
        call.out.write(f"{task['id']}\n")
    elif call.output == "json":
        call.out.write_json(task_list.whole(task))
    else:
        task_block.print_task(call, task)
    return 0


COMMAND = Command(
    "show task",
    example="tapit show task task=1jd3m8k7x2qf",
    word="task",
    required=("task",),
    keys=(TASK,),
)
