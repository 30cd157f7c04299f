"""Schedules as a list: a row each on a terminal, an array for a script."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display import for_scripts, schedule_words
from tapit.terminal import table
from tapit.terminal.stream import Stream, clipped

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import Schedule

HEADERS = ["NAME", "WHEN", "NEXT", "RUNS", "LAST"]
SPARE = ("RUNS", "WHEN", "NEXT", "LAST")  # the first to go where it is narrow first
SHOWN_WHEN = 40  # `show` has the whole of it
SHOWN_LINE = 24


def print_list(call: Call, schedules: list[Schedule]) -> None:
    def draw() -> None:
        table.draw(call.out, HEADERS, [_row(call.out, one) for one in schedules], _style, spare=SPARE)

    for_scripts.print_list(call, schedules, draw)


def _row(stream: Stream, schedule: Schedule) -> list[str]:
    """Nothing limits how wide a line in a pipe is."""
    when, line = schedule["in_words"], schedule_words.what(schedule)
    return [
        schedule["name"],
        clipped(when, SHOWN_WHEN) if stream.is_terminal else when,
        schedule_words.next_run(schedule),
        clipped(line, SHOWN_LINE) if stream.is_terminal else line,
        schedule_words.last_run(schedule),
    ]


def _style(at: int, cell: str) -> tuple[str, ...]:
    return ("bold",) if at == 0 else schedule_words.colours(cell)
