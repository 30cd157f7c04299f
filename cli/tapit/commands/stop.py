"""`tapit stop ID...`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.display import task_words
from tapit.display.last_try import hint_to_last_try
from tapit.each_task import EachTask
from tapit.home.client import segment
from tapit.language.command import TASKS_THAT_RUN, Command
from tapit.language.task_ids import named
from tapit.statuses import is_final

if TYPE_CHECKING:
    from tapit.home.answers import Task


def run(call: Call) -> int:
    tasks = EachTask(call)
    stopped = tasks.do(lambda task_id: stop(call, task_id))
    hint_to_wait(call, [task["id"] for task in stopped if not is_final(task)])
    tasks.print(stopped)
    tasks.raise_failures("stopped")
    return 0


def stop(call: Call, task_id: str) -> Task:
    """Ask for it, and say what became of that."""
    task: Task = call.client.send("POST", f"/tasks/{segment(task_id)}/stop", repeatable=True)
    if is_final(task):
        call.say(f"Task {task['id']} {task_words.ending(task)}.")
        hint_to_last_try(call, task, act="tapit stop")
    else:
        call.say(f"Stopping task {task['id']}.")
    return task


def hint_to_wait(call: Call, stopping: list[str]) -> None:
    if stopping:
        call.hint("wait", f"tapit wait {named(stopping)}")


COMMAND = Command(
    "stop",
    example="tapit stop task=1jd3m8k7x2qf",
    word="task",
    required=("task",),
    keys=(TASKS_THAT_RUN,),
    details="SIGTERM, and SIGKILL when the app's stop_timeout is over. A task that has ended stays as it is.\n"
    "Of several tasks each is stopped, and the exit code tells of the first that could not be.",
)
