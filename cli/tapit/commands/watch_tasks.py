"""`tapit watch tasks`"""

from __future__ import annotations

import signal
import time
from contextlib import suppress

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.commands.list_tasks import STATUS
from tapit.display import event_list
from tapit.errors import INTERRUPTED, HomeFailed, Unreachable
from tapit.home.client import segment
from tapit.language.command import Command
from tapit.statuses import FINAL, STATUSES
from tapit.waiting.follow_feed import Following
from tapit.waiting.interrupts import Interrupts

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tapit.display.task_board import Board

NEWEST = 50
MOST_UNFINISHED = 1000
LOOK_AGAIN = 60.0  # seconds: a time limit may have been changed, which is no event
REDRAWN = 2  # times a second: the time left of a task grows less


def run(call: Call) -> int:
    """Go on until somebody has had enough."""
    is_live = call.out.can_redraw and call.chosen_output in (None, "table") and "debug" not in call.flags
    call.client.told_to = call.out.pipe
    try:
        with Interrupts(call.client, signal.SIGINT, signal.SIGTERM):
            _show_board(call) if is_live else _print_changes(call)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _print_changes(call: Call) -> None:
    shown, wanted = _shown_as(call), _wanted(call)
    following = Following(call.client, call.app(), lambda why: _say_trouble(call, why))
    call.say(f"Watching the tasks of {call.app()}.", "dim")
    while True:
        for event in following.next():
            if not wanted or event["status"] in wanted:
                call.out.write(shown(event) + "\n")
        following.rest()


def _shown_as(call: Call) -> Callable[[dict[str, Any]], str]:
    if call.chosen_output == "json":
        import json

        return lambda event: json.dumps(event, ensure_ascii=call.out.wants_ascii_json)
    if call.chosen_output == "id":
        return lambda event: str(event["id"])
    return lambda event: event_list.line(call.out, event)


def _say_trouble(call: Call, why: str | None) -> None:
    said = f"Lost the home, trying again: {why}" if why else "The home is back; nothing was missed."
    call.say(said, "dim")


def _show_board(call: Call) -> None:
    from rich.console import Console
    from rich.live import Live

    from tapit.display.task_board import Board

    board = Board(call.out, call.app(), _wanted(call))
    following = Following(call.client, call.app(), board.tell_trouble)
    _load(call, board)
    console = Console(
        file=call.out.file, force_terminal=True, color_system="standard" if call.out.has_colour else None
    )
    live = Live(
        get_renderable=board.drawn,
        console=console,
        screen=True,
        refresh_per_second=REDRAWN,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    try:
        with live:
            _keep_up(call, board, following, live.refresh)
    finally:
        call.out.write("".join(f"{line}\n" for line in board.lines()))


def _keep_up(call: Call, board: Board, following: Following, redraw: Callable[[], None]) -> None:
    looked_at = time.monotonic()
    while True:
        board.change(event["task"] for event in following.next())
        redraw()
        if time.monotonic() - looked_at > LOOK_AGAIN:
            with suppress(Unreachable, HomeFailed):  # whoever follows the feed bears it
                _load(call, board)
            looked_at = time.monotonic()
        following.rest()


def _load(call: Call, board: Board) -> None:
    path = f"/apps/{segment(call.app())}/tasks"
    wanted = _wanted(call)
    unfinished = [status for status in wanted or STATUSES if status not in FINAL]
    for statuses, most in ((unfinished, MOST_UNFINISHED), (wanted, NEWEST)):
        if statuses or not wanted:
            for page in call.client.pages(path, {"status": ",".join(statuses) or None}, most=most):
                board.load(page["items"])


def _wanted(call: Call) -> tuple[str, ...]:
    given = call.get("status")
    return tuple(given.split(",")) if given else ()


COMMAND = Command(
    "watch tasks",
    example="tapit watch tasks status=RUNNING,FAILED",
    keys=(STATUS,),
    needless=((("-f", "--follow"), "It is what it does."), (("-w", "--wait"), "It is what it does.")),
    details=(
        "On a terminal a table that is kept up to date: tasks that run on top, with the time that they have left.\n"
        "Elsewhere a line for each change of a task's status; -o json gives one object per line, -o id\n"
        "the event's id, as list events does.\n\n"
        "It goes on until Ctrl-C, also when the home is restarted or cannot be reached for a while: no change is\n"
        "missed or told twice."
    ),
)
