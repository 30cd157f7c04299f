"""`tapit show task ID`"""

from tapit import show_block, tasks
from tapit.call import Call
from tapit.client import segment
from tapit.grammar import TASK, Command


def run(call: Call) -> int:
    task = call.client.get(f"/tasks/{segment(call.text('task'))}")
    if call.output == "id":
        call.out.write(f"{task['id']}\n")
    elif call.output == "json":
        tasks.print_json(call.out, tasks.whole(task))
    else:
        show_block.print_task(call, task)
    return 0


COMMAND = Command(
    "show",
    "task",
    "Everything known about one task.",
    run,
    example="tapit show task task=1jd3m8k7x2qf",
    word="task",
    required=("task",),
    keys=(TASK,),
)
