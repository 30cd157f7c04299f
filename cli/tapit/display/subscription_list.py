"""Subscriptions as a list: a row each on a terminal, an array for a script."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display import for_scripts, subscription_words
from tapit.terminal import table
from tapit.terminal.stream import Stream, clipped

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import Subscription

HEADERS = ["NAME", "STATE", "EVENTS", "FORMAT", "URL"]
SPARE = ("FORMAT", "URL", "EVENTS")  # the first to go where it is narrow first
SHOWN_STATE = 34  # why one paused itself may be long: `show` has the whole of it
SHOWN_URL = 40  # the host is enough of most
SHOWN_EVENTS = 20


def print_list(call: Call, subscriptions: list[Subscription]) -> None:
    def draw() -> None:
        rows = [_row(call.out, one) for one in subscriptions]
        table.draw(call.out, HEADERS, rows, _style, spare=SPARE)

    for_scripts.print_list(call, subscriptions, draw)


def _row(stream: Stream, subscription: Subscription) -> list[str]:
    """Nothing limits how wide a line in a pipe is."""
    state, url = subscription_words.state(subscription), subscription["url"]
    return [
        subscription["name"],
        clipped(state, SHOWN_STATE) if stream.is_terminal else state,
        _events(subscription, SHOWN_EVENTS if stream.is_terminal else None),
        subscription["format"],
        clipped(url, SHOWN_URL) if stream.is_terminal else url,
    ]


def _events(subscription: Subscription, most: int | None) -> str:
    """`failed,timed_out,+5`: the first ones, and how many more."""
    names = subscription["events"] or ["all"]
    if most is None or len(",".join(names)) <= most:
        return ",".join(names)
    fitting = [count for count in range(1, len(names)) if len(",".join(names[:count])) <= most - len(",+9")]
    shown = max(fitting, default=1)
    return ",".join([*names[:shown], f"+{len(names) - shown}"])


def _style(at: int, cell: str) -> tuple[str, ...]:
    if at == 0:
        return ("bold",)
    return subscription_words.colours_of(cell) if at == 1 else ()
