"""Events as rows: when, which task, what it has become, what it was, and why."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display import for_scripts
from tapit.display.task_words import ran, status_cell, waiting, why_ended
from tapit.statuses import colours_of, is_final
from tapit.terminal import table, times
from tapit.terminal.stream import Stream, clipped, columns_of, harmless

if TYPE_CHECKING:
    from typing import Any

    from tapit.call import Call
    from tapit.home.answers import PublicTask

    Event = dict[str, Any]  # of a kind that may be newer than this program

HEADERS = ["TIME", "ABOUT", "STATUS", "WAS", "WHAT"]
WIDTHS = (8, 12, 15, 9)
SPARE = ("WAS", "WHAT")  # the first to go where it is narrow first
PAUSED = "PAUSED"
OF_TASKS = "Task State Change"


def print_list(call: Call, events: list[Event]) -> None:
    def draw() -> None:
        table.draw(call.out, HEADERS, [row(call.out, event) for event in events], style, spare=SPARE)

    for_scripts.print_list(call, events, draw, by="id")


def row(stream: Stream, event: Event) -> list[str]:
    when = times.local_time(event["time"]) if stream.is_terminal else event["time"]
    if event["type"] != OF_TASKS:
        about = event.get("subscription") or event.get("schedule") or "-"
        return [when, about, _state(event), "-", event.get("why") or "-"]
    return [
        when,
        event["task_id"],
        status_cell(event["task"]),
        event["previous_status"] or "-",
        what(event["task"]),
    ]


def line(stream: Stream, event: Event) -> str:
    """A row by itself, as wide as its neighbours will be."""
    *cells, last = [harmless(cell) for cell in row(stream, event)]
    filled = [
        stream.styled(cell, *style(at, cell)) + " " * (width - len(cell))
        for at, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    ]
    if stream.is_terminal:
        last = clipped(last, max(columns_of(stream) - sum(WIDTHS) - len(WIDTHS) * len(table.GAP), 1))
    return table.GAP.join([*filled, last])


def style(at: int, cell: str) -> tuple[str, ...]:
    if at == 1:
        return ("bold",)
    if at == 2:
        return ("red",) if cell == PAUSED else colours_of(cell.split(" ", maxsplit=1)[0])
    return ()


def what(task: PublicTask) -> str:
    """`after 3s, out of memory: python manage.py migrate`."""
    command = " ".join(task["command"].split())
    words = ", ".join(filter(None, _ending(task) if is_final(task) else [waiting(task)]))
    return f"{words}: {command}" if words else command


def _ending(task: PublicTask) -> list[str | None]:
    after = f"after {ran(task)}" if task.get("started_at") else None
    return [after, None if task["status"] == "SUCCEEDED" else why_ended(task)]


def _state(event: Event) -> str:
    return PAUSED if event.get("paused") else str(event["type"])
