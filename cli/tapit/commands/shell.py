"""`tapit shell ID ['COMMAND']`"""

import re
import shlex

from tapit import new_task
from tapit.call import Call
from tapit.client import segment
from tapit.errors import UsageError
from tapit.grammar import TASK, Command
from tapit.visit import Visit, refuse_output_format

BEST_SHELL = "if command -v bash >/dev/null; then exec bash; else exec sh; fi"
TASK_ID = r"[0-9a-hjkmnp-tv-z]{12}"


def run(call: Call) -> int:
    refuse_output_format(call)
    task_id, command = _task_and_command(call)
    task = call.client.get(f"/tasks/{segment(task_id)}")
    return Visit(call, task, command or BEST_SHELL).to_the_end()


def _task_and_command(call: Call) -> tuple[str, str | None]:
    """Without `task=` the first bare word is the task."""
    command = call.get("command")
    if "task" in call.settings:
        return call.text("task"), command
    first, *others = shlex.split(command) if command and re.match(TASK_ID, command) else [""]
    if not re.fullmatch(TASK_ID, first):
        why = "The first word is not a task's id." if command else None
        raise UsageError("tapit shell needs task=", why, COMMAND.example)
    return first, " ".join(others) if len(others) == 1 else shlex.join(others) or None


COMMAND = Command(
    "shell",
    None,
    "Open a shell in a task that runs.",
    run,
    example="tapit shell task=1jd3m8k7x2qf 'psql $DATABASE_URL'",
    word="command",
    keys=(TASK, new_task.COMMAND),
    details=(
        "The task must have been started by tapit run, or with interactive=true; it goes on when the shell ends.\n"
        "Without a command it is bash, or sh where there is none. Several sessions at once are fine."
    ),
)
