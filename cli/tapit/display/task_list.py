"""Tasks as a list: a row each on a terminal, an array for a script."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display import for_scripts
from tapit.display.people import who
from tapit.display.task_words import doing, ran, status_cell, waiting
from tapit.statuses import colours_of
from tapit.terminal import table, times
from tapit.terminal.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tapit.call import Call
    from tapit.home.answers import ListedTask, Task

HEADERS = ["ID", "STATUS", "CREATED", "RAN", "CPU/MEM", "DOCKER TAG", "BY", "COMMAND"]
WAITING = len(
    "waiting for lock migrate, held by 1jd3m8k7x2qf"
)  # more of use than what else there is of a task
SPARE = (
    "DOCKER TAG",
    "CPU/MEM",
    "BY",
    "RAN",
    "CREATED",
    "COMMAND",
)  # the first to go where it is narrow first


def print_list(call: Call, tasks: list[ListedTask]) -> None:
    def draw() -> None:
        least = WAITING if any(waiting(task) for task in tasks) else table.LEAST
        rows = [_row(call.out, task) for task in tasks]
        table.draw(call.out, HEADERS, rows, _style, spare=SPARE, least=least)

    for_scripts.print_list(call, tasks, draw, by="id")


def print_one(call: Call, task: Task) -> None:
    """The task as the answer to a command that changed it."""
    if call.output == "json":
        call.out.write_json(whole(task))
    else:
        print_list(call, [task])


def whole(task: Task) -> Mapping[str, object]:
    """The task; raise Unreachable for an object without id or status, which no home has sent."""
    return {"id": task["id"], "status": task["status"], **task}


def _row(stream: Stream, task: ListedTask) -> list[str]:
    created = task["created_at"]
    return [
        task["id"],
        status_cell(task),
        times.ago(created) if stream.is_terminal else created,
        ran(task) or "-",
        f"{task['cpu']:g}/{task['memory']:g}",
        task.get("docker_tag") or "-",
        who(task),
        doing(task),
    ]


def _style(at: int, cell: str) -> tuple[str, ...]:
    if at == 0:
        return ("bold",)
    return colours_of(cell.split(" ", maxsplit=1)[0]) if at == 1 else ()
