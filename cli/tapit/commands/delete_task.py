"""`tapit delete task ID...`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.commands.stop import hint_to_wait, stop
from tapit.each_task import EachTask
from tapit.errors import NotFound
from tapit.home.client import nothing_to_delete, segment
from tapit.language.command import TASKS, Command
from tapit.statuses import is_final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tapit.home.answers import RemovedTask, Task


def run(call: Call) -> int:
    tasks = EachTask(call)
    answers = tasks.do(lambda task_id: _delete(call, task_id))
    hint_to_wait(
        call, [str(answer["id"]) for answer in answers if "status" in answer and not is_final(answer)]
    )
    tasks.print(answers)
    tasks.raise_failures("deleted")
    return 0


def _delete(call: Call, task_id: str) -> Mapping[str, object]:
    """Read the status once and choose by it, so that a retry never removes what it meant to stop."""
    try:
        task: Task = call.client.get(f"/tasks/{segment(task_id)}")
    except NotFound as gone:
        return _already_gone(call, task_id, gone)
    if not is_final(task):
        return stop(call, task_id)
    removed = _remove(call, task_id)
    if retried_by := task.get("retried_by"):
        call.hint("its next try", f"tapit delete task task={retried_by}")
    return removed


def _remove(call: Call, task_id: str) -> Mapping[str, object]:
    try:
        answer: RemovedTask = call.client.send("DELETE", f"/tasks/{segment(task_id)}")
    except NotFound as gone:
        return _already_gone(call, task_id, gone)
    call.say(f"Removed task {answer['id']} from the list.")
    return answer


def _already_gone(call: Call, task_id: str, gone: NotFound) -> Mapping[str, object]:
    call.say(nothing_to_delete(gone))
    return {"id": task_id, "removed": False}


COMMAND = Command(
    "delete task",
    example="tapit delete task task=1jd3m8k7x2qf",
    word="task",
    required=("task",),
    keys=(TASKS,),
    details="It does not ask. A task that is gone already is no error. Of several tasks each has its turn, and the\n"
    "exit code tells of the first that could not be stopped or removed.",
)
