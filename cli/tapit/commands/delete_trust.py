"""`tapit delete trust NAME`"""

from tapit.by_name import delete
from tapit.call import Call
from tapit.errors import TrustNotFound
from tapit.home.client import segment
from tapit.language import trust_keys
from tapit.language.command import Command


def run(call: Call) -> int:
    name = call.text("name")
    said = f"Deleted trust {name}. Whoever signed in by it is refused within half a minute."
    return delete(call, f"/trusts/{segment(name)}", TrustNotFound, said)


COMMAND = Command(
    "delete trust",
    example="tapit delete trust name=deployers",
    word="name",
    required=("name",),
    keys=(trust_keys.NAME,),
    details="It does not ask. What was begun by those who signed in goes on: tasks run, and shells stay open. A trust\n"
    "that is gone already is no error.",
)
