"""`tapit delete subscription NAME`"""

from tapit.call import Call
from tapit.commands.show_subscription import path_of
from tapit.display import for_scripts
from tapit.errors import SubscriptionNotFound
from tapit.language import subscription_keys
from tapit.language.command import Command


def run(call: Call) -> int:
    name = call.text("name")
    gone = call.client.remove(path_of(call), SubscriptionNotFound)
    call.say(gone or f"Removed subscription {name}; nothing more is sent there.")
    for_scripts.print_answer(call, {"name": name, "removed": gone is None})
    return 0


COMMAND = Command(
    "delete subscription",
    example="tapit delete subscription name=ops-example-com",
    word="name",
    required=("name",),
    keys=(subscription_keys.NAME,),
    details="It does not ask. One that is gone already is no error.",
)
