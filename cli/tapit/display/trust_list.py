"""Trusts as a list: a row each on a terminal, an array for a script."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display import for_scripts, token_words
from tapit.display.people import brief
from tapit.terminal import table, times

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import Trust

HEADERS = ["NAME", "ROLE", "APPS", "EXPIRES", "MADE BY", "ARN"]
SPARE = ("MADE BY", "EXPIRES", "APPS")  # the first to go where it is narrow first


def print_list(call: Call, trusts: list[Trust]) -> None:
    def draw() -> None:
        rows = [_row(call, trust) for trust in trusts]
        table.draw(call.out, HEADERS, rows, lambda at, _cell: ("bold",) if at == 0 else (), spare=SPARE)

    for_scripts.print_list(call, trusts, draw)


def _row(call: Call, trust: Trust) -> list[str]:
    apps = trust["apps"]
    return [
        trust["name"],
        trust["role"],
        "all" if apps is None else ",".join(apps) or "none",
        _end(call, trust),
        brief(trust["created_by"]),
        trust["arn"],
    ]


def _end(call: Call, trust: Trust) -> str:
    end = trust["expires_at"]
    if end is None:
        return "never"
    if token_words.is_over(trust):
        return "expired"
    return f"in {times.brief(-times.seconds_between(end))}" if call.out.is_terminal else end
