"""`tapit show subscription NAME`"""

from tapit.by_name import path_of, show
from tapit.call import Call
from tapit.display import subscription_block
from tapit.language import subscription_keys
from tapit.language.command import Command


def run(call: Call) -> int:
    return show(call, path_of(call, "subscriptions"), subscription_block.print_subscription)


COMMAND = Command(
    "show subscription",
    example="tapit show subscription name=ops-example-com",
    word="name",
    required=("name",),
    keys=(subscription_keys.NAME,),
    details="Of each delivery: the event, how it is with it, when, after how many tries, how long the receiver took,\n"
    "and what it answered.",
)
