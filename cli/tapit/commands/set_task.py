"""`tapit set task ID max_hours=8`"""

from tapit import sizes, tasks, times
from tapit.call import Call
from tapit.client import segment
from tapit.grammar import TASK, Command, Key


def run(call: Call) -> int:
    path = f"/tasks/{segment(call.text('task'))}"
    task = call.client.send("PATCH", path, {"max_hours": call.get("max_hours")})
    call.say(f"Task {task['id']} {_limit(task)}.")
    call.say_notes(task)
    tasks.print_one(call, task)
    return 0


def _limit(task: "dict[str, object]") -> str:
    hours, deadline = task.get("max_hours"), task.get("deadline")
    if not isinstance(hours, int | float):
        return "has no time limit now"
    if isinstance(deadline, str):
        if times.seconds_between(deadline) >= 0:
            return f"has passed its new time limit of {times.hours(hours)}, and stops now"
        return f"now stops {times.both(deadline)}"
    return f"now stops {times.hours(hours)} after its start"


COMMAND = Command(
    "set",
    "task",
    "Give a running task another time limit.",
    run,
    example="tapit set task task=1jd3m8k7x2qf max_hours=8",
    word="task",
    required=("task", "max_hours"),
    keys=(
        TASK,
        Key(
            "max_hours", sizes.hours, "counted from the task's start; none for no limit", placeholder="HOURS"
        ),
    ),
)
