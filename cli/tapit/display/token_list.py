"""Tokens as a list: a row each on a terminal, an array for a script."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display import for_scripts, token_words
from tapit.display.people import brief
from tapit.terminal import table, times

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import Token

HEADERS = ["NAME", "ROLE", "EXPIRES", "LAST USED", "MADE BY", "APPS"]
SPARE = ("MADE BY", "LAST USED", "EXPIRES")  # the first to go where it is narrow first
EXPIRED = "expired"


def print_list(call: Call, tokens: list[Token]) -> None:
    def draw() -> None:
        table.draw(call.out, HEADERS, [_row(call, token) for token in tokens], _style, spare=SPARE)

    for_scripts.print_list(call, tokens, draw)


def _row(call: Call, token: Token) -> list[str]:
    apps, used = token["apps"], token["last_used_at"]
    return [
        token["name"],
        token["role"],
        _end(call, token),
        "never" if used is None else times.ago(used) if call.out.is_terminal else used,
        brief(token["created_by"] or "-"),
        "all" if apps is None else ",".join(apps) or "none",
    ]


def _end(call: Call, token: Token) -> str:
    end = token["expires_at"]
    if end is None:
        return "never"
    if token_words.is_over(token):
        return EXPIRED
    return f"in {times.brief(-times.seconds_between(end))}" if call.out.is_terminal else end


def _style(at: int, cell: str) -> tuple[str, ...]:
    return ("bold",) if at == 0 else ("red",) if cell == EXPIRED else ()
