"""`tapit delete token NAME`"""

from tapit.call import Call
from tapit.display import for_scripts
from tapit.errors import TokenNotFound
from tapit.home.client import segment
from tapit.language import token_keys
from tapit.language.command import Command


def run(call: Call) -> int:
    name = call.text("name")
    gone = call.client.remove(f"/tokens/{segment(name)}", TokenNotFound)
    lag = "" if call.home.is_local else " It may be taken for half a minute yet."
    call.say(gone or f"Deleted token {name}.{lag}")
    for_scripts.print_answer(call, {"name": name, "removed": gone is None})
    return 0


COMMAND = Command(
    "delete token",
    example="tapit delete token name=ci",
    word="name",
    required=("name",),
    keys=(token_keys.NAME,),
    details="It does not ask. What was begun with it goes on: tasks run, and shells stay open. A token that is gone\n"
    "already is no error.",
)
