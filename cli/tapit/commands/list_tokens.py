"""`tapit list tokens`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import all_at
from tapit.call import Call
from tapit.display import token_list
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import Token


def run(call: Call) -> int:
    tokens: list[Token] = all_at(call, "/tokens")
    token_list.print_list(call, tokens)
    if not tokens:
        call.say("No tokens yet. Make one with: " + call.typed("tapit create token name=ci role=operator"))
    return 0


COMMAND = Command(
    "list tokens",
    example="tapit list tokens",
    details="Takes an admin's token; one that is for some apps lists those that are for no others. When a token was\n"
    "last used is known to the hour. One that has expired is listed for 30 days more.",
)
