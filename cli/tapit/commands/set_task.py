"""`tapit set task ID max_hours=8`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.display import task_list
from tapit.home.client import segment
from tapit.language import sizes
from tapit.language.command import TASK_THAT_RUNS, Command, Key
from tapit.terminal import times

if TYPE_CHECKING:
    from tapit.home.answers import Task


def run(call: Call) -> int:
    path = f"/tasks/{segment(call.task_id())}"
    task: Task = call.client.send("PATCH", path, {"max_hours": call.get("max_hours")})
    call.say(f"Task {task['id']} {_limit(task)}.")
    call.say_notes(task)
    task_list.print_one(call, task)
    return 0


def _limit(task: Task) -> str:
    hours, deadline = task.get("max_hours"), task.get("deadline")
    if hours is None:
        return "has no time limit now"
    if deadline:
        if times.seconds_between(deadline) >= 0:
            return f"has passed its new time limit of {times.hours(hours)}, and stops now"
        return f"now stops {times.both(deadline)}"
    return f"now stops {times.hours(hours)} after its start"


COMMAND = Command(
    "set task",
    example="tapit set task task=1jd3m8k7x2qf max_hours=8",
    word="task",
    required=("task", "max_hours"),
    keys=(
        TASK_THAT_RUNS,
        Key(
            "max_hours", sizes.hours, "counted from the task's start; none for no limit", placeholder="HOURS"
        ),
    ),
)
