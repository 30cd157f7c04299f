"""A secret, shown the one time that it is told, and what to do with it."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display import for_scripts, subscription_words
from tapit.terminal.block import Block

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import SubscriptionWithSecret

ADVICE = (
    "It is shown this once. Give it to the receiver: with it and a Standard Webhooks library it checks that what comes "
    "is from here."
)


def print_secret(call: Call, subscription: SubscriptionWithSecret) -> None:
    """Data, so on stdout; who asks for names alone, as a script that logs them does, is not given it."""
    if call.output == "table":
        Block(call.out).line("Secret", subscription["secret"], "bold")
        call.say(ADVICE)
        return
    for_scripts.print_answer(call, subscription)
    if call.output == "id":
        again = subscription_words.command(call, "rotate", subscription["name"])
        call.say(f"-o id leaves out the secret; another one: {again}")
