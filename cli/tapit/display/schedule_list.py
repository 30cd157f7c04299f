"""Schedules as a list: a row each on a terminal, an array for a script."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display import for_scripts, schedule_words
from tapit.terminal import table
from tapit.terminal.stream import Stream, clipped

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import Schedule

HEADERS = ["NAME", "NEXT", "LAST", "RUNS", "WHEN"]
SPARE = ("RUNS", "WHEN", "NEXT", "LAST")  # the first to go where it is narrow first
SHOWN_LINE = 24  # at least, of a line whose times have no room beside it


def print_list(call: Call, schedules: list[Schedule]) -> None:
    def draw() -> None:
        rows = _fitting(call.out, [_row(one) for one in schedules])
        head, *lines = table.lines(call.out, HEADERS, rows, _style, spare=SPARE)
        told = [[line, *_why(call.out, one)] for line, one in zip(lines, schedules, strict=True)]
        call.out.write("".join(f"{line}\n" for line in [head, *(line for lines in told for line in lines)]))

    for_scripts.print_list(call, schedules, draw)


def _row(schedule: Schedule) -> list[str]:
    return [
        schedule["name"],
        schedule_words.next_run(schedule),
        schedule_words.last_run(schedule),
        schedule_words.what(schedule),
        schedule["in_words"],
    ]


def _fitting(stream: Stream, rows: list[list[str]]) -> list[list[str]]:
    """What runs is cut where its times need the room; nothing limits how wide a line in a pipe is."""
    if not stream.is_terminal or not rows:
        return rows
    at = HEADERS.index("RUNS")
    room = max(SHOWN_LINE, table.room_for(stream, HEADERS, rows, "RUNS"))
    return [[*row[:at], clipped(row[at], room), *row[at + 1 :]] for row in rows]


def _why(stream: Stream, schedule: Schedule) -> list[str]:
    """Whole, for it is what somebody looks for who was woken up."""
    return schedule_words.below(
        stream, schedule_words.why_no_task(schedule), schedule_words.last_run(schedule)
    )


def _style(at: int, cell: str) -> tuple[str, ...]:
    return ("bold",) if at == 0 else schedule_words.colours(cell)
