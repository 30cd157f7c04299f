"""`tapit list trusts`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.display import trust_list
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import Trusts

FIRST = "tapit create trust name=deployers arn='arn:aws:iam::ACCOUNT:role/deploy-*' role=operator"


def run(call: Call) -> int:
    found: Trusts = call.client.get("/trusts")
    trust_list.print_list(call, found["items"])
    if not found["items"]:
        call.say("No AWS identity is trusted yet. Trust one with: " + call.typed(FIRST))
    return 0


COMMAND = Command(
    "list trusts",
    example="tapit list trusts",
    details="Takes an admin's token; one that is for some apps lists the trusts that are for no others.",
)
