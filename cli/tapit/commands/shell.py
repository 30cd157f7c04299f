"""`tapit shell ID ['COMMAND']`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.errors import UsageError
from tapit.home.client import segment
from tapit.language import task_keys, values
from tapit.language.command import TASK_THAT_RUNS, Command, Key
from tapit.session.whole_session import WholeSession, refuse_output_format

BEST_SHELL = "if command -v bash >/dev/null; then exec bash; else exec sh; fi"

if TYPE_CHECKING:
    from tapit.home.answers import Task


def run(call: Call) -> int:
    refuse_output_format(call)
    command = call.get("line")
    if "task" not in call.settings:
        why = "The first word is not a task's id." if command else None
        raise UsageError("tapit shell needs task=", why, COMMAND.example)
    task: Task = call.client.get(f"/tasks/{segment(call.task_id())}")
    return WholeSession(call, task, command or BEST_SHELL).to_the_end()


LINE = Key(
    "line",
    values.command_line,
    "one line for the task's shell; a bare word is the same",
    placeholder="'LINE'",
    aliases=("command",),
    may_hold_spaces=True,
)
COMMAND = Command(
    "shell",
    example="tapit shell task=1jd3m8k7x2qf 'psql $DATABASE_URL'",
    word="line",
    task_first=True,
    needless=task_keys.NEEDLESS,
    keys=(TASK_THAT_RUNS, LINE),
    details=(
        "The task must have been started by tapit run, or with interactive=true; it goes on when the shell ends.\n"
        "Without a command it is bash, or sh where there is none. Several sessions at once are fine.\n\n"
        f"{task_keys.ABOUT_OPTIONS}"
    ),
)
