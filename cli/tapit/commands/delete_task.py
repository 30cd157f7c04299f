"""`tapit delete task ID`"""

from tapit import tasks
from tapit.call import Call
from tapit.client import segment
from tapit.errors import NotFound
from tapit.grammar import TASK, Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run(call: Call) -> int:
    """Read the status once and choose by it, so that a retry never removes what it meant to stop."""
    path = f"/tasks/{segment(call.text('task'))}"
    try:
        task = call.client.get(path)
    except NotFound:
        return _already_gone(call)
    return _remove(call, path) if tasks.is_final(task) else _stop(call, path)


def _stop(call: Call, path: str) -> int:
    task = call.client.send("POST", f"{path}/stop", repeatable=True)
    if tasks.is_final(task):
        call.say(f"Task {task['id']} {tasks.ending(task)}.")
    else:
        call.say(f"Stopping task {task['id']}.")
        call.hint("wait", f"tapit wait task={task['id']}")
    _print(call, task)
    return 0


def _remove(call: Call, path: str) -> int:
    try:
        answer = call.client.send("DELETE", path)
    except NotFound:
        return _already_gone(call)
    call.say(f"Removed task {answer['id']} from the list.")
    _print(call, answer)
    return 0


def _already_gone(call: Call) -> int:
    task_id = call.text("task")
    call.say(f"There is no task {task_id}; nothing to delete.")
    _print(call, {"id": task_id, "removed": False})
    return 0


def _print(call: Call, answer: "dict[str, Any]") -> None:
    if call.output == "json":
        tasks.print_json(call.out, answer)
    elif call.output == "id":
        call.out.write(f"{answer['id']}\n")


COMMAND = Command(
    "delete",
    "task",
    "Stop a running task, or remove a finished one.",
    run,
    example="tapit delete task task=1jd3m8k7x2qf",
    word="task",
    required=("task",),
    keys=(TASK,),
    details="It does not ask. A task that is gone already is no error.",
)
