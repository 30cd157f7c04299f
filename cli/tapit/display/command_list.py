"""Saved commands as a list: a row each on a terminal, an array for a script."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display import for_scripts
from tapit.display.people import brief
from tapit.terminal import table
from tapit.terminal.stream import Stream, clipped

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import SavedCommand

HEADERS = ["NAME", "CPU/MEM", "BY", "COMMAND", "DESCRIPTION"]
SPARE = ("CPU/MEM", "BY", "DESCRIPTION")  # the first to go where it is narrow first
SHOWN_COMMAND = 60  # at least, of a command whose description has no room beside it


def print_list(call: Call, commands: list[SavedCommand]) -> None:
    def draw() -> None:
        rows = _fitting(call.out, [_row(one) for one in commands])
        table.draw(call.out, HEADERS, rows, lambda at, _cell: ("bold",) if at == 0 else (), spare=SPARE)

    for_scripts.print_list(call, commands, draw)


def _fitting(stream: Stream, rows: list[list[str]]) -> list[list[str]]:
    """Commands are cut where descriptions need the room; nothing limits how wide a line in a pipe is."""
    if not stream.is_terminal or not rows:
        return rows
    at = HEADERS.index("COMMAND")
    room = max(SHOWN_COMMAND, table.room_for(stream, HEADERS, rows, "COMMAND"))
    return [[*row[:at], clipped(row[at], room), *row[at + 1 :]] for row in rows]


def _row(saved: SavedCommand) -> list[str]:
    sizes = (saved.get("cpu"), saved.get("memory"))
    return [
        saved["name"],
        "/".join("-" if size is None else f"{size:g}" for size in sizes) if any(sizes) else "-",
        brief(saved["created_by"]),
        " ".join(saved["command"].split()),
        saved.get("description") or "",
    ]
