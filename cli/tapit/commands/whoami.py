"""`tapit whoami`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.language.command import Command
from tapit.terminal import times
from tapit.terminal.block import Block

if TYPE_CHECKING:
    from tapit.home.answers import WhoAmI


def run(call: Call) -> int:
    me: WhoAmI = call.client.get("/whoami")
    if call.output == "json":
        call.out.write_json(me)
    elif call.output == "id":
        call.out.write(f"{me['name']}\n")
    else:
        _print(call, me)
    return 0


def _print(call: Call, me: WhoAmI) -> None:
    block = Block(call.out)
    block.line("Token", me["name"], "bold")
    block.line("Role", me["role"])
    block.line("Apps", "every one" if me["apps"] is None else ", ".join(me["apps"]) or "none")
    block.line("Expires", times.both(me["expires_at"]) if me["expires_at"] else "never")
    block.line("Home", f"{call.home.url} ({me['home']})")


COMMAND = Command(
    "whoami",
    example="tapit whoami",
    details="The home on this machine knows whoever opens its socket as its owner, an admin, without a token.",
)
