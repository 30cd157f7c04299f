"""`tapit delete token NAME`"""

from tapit.by_name import delete
from tapit.call import Call
from tapit.errors import TokenNotFound
from tapit.home.client import segment
from tapit.language import token_keys
from tapit.language.command import Command


def run(call: Call) -> int:
    name = call.text("name")
    lag = "" if call.home.is_local else " It may be taken for half a minute yet."
    return delete(call, f"/tokens/{segment(name)}", TokenNotFound, f"Deleted token {name}.{lag}")


COMMAND = Command(
    "delete token",
    example="tapit delete token name=ci",
    word="name",
    required=("name",),
    keys=(token_keys.NAME,),
    details="It does not ask. What was begun with it goes on: tasks run, and shells stay open. A token that is gone\n"
    "already is no error.",
)
