"""`tapit show subscription NAME`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.display import for_scripts, subscription_block
from tapit.home.client import segment
from tapit.language import subscription_keys
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import SubscriptionDetails


def run(call: Call) -> int:
    path = path_of(call)
    subscription: SubscriptionDetails = call.client.get(path)
    if call.output == "table":
        subscription_block.print_subscription(call, subscription)
    else:
        for_scripts.print_answer(call, subscription)
    return 0


def path_of(call: Call) -> str:
    return f"/apps/{segment(call.app())}/subscriptions/{segment(call.text('name'))}"


COMMAND = Command(
    "show subscription",
    example="tapit show subscription name=ops-example-com",
    word="name",
    required=("name",),
    keys=(subscription_keys.NAME,),
    details="Of each delivery: the event, how it is with it, when, after how many tries, how long the receiver took,\n"
    "and what it answered.",
)
