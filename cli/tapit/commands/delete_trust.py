"""`tapit delete trust NAME`"""

from tapit.call import Call
from tapit.display import for_scripts
from tapit.errors import TrustNotFound
from tapit.home.client import segment
from tapit.language import trust_keys
from tapit.language.command import Command


def run(call: Call) -> int:
    name = call.text("name")
    gone = call.client.remove(f"/trusts/{segment(name)}", TrustNotFound)
    call.say(gone or f"Deleted trust {name}. Whoever signed in by it is refused within half a minute.")
    for_scripts.print_answer(call, {"name": name, "removed": gone is None})
    return 0


COMMAND = Command(
    "delete trust",
    example="tapit delete trust name=deployers",
    word="name",
    required=("name",),
    keys=(trust_keys.NAME,),
    details="It does not ask. What was begun by those who signed in goes on: tasks run, and shells stay open. A trust\n"
    "that is gone already is no error.",
)
