"""`tapit rotate subscription NAME`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import path_of
from tapit.call import Call
from tapit.display import new_secret
from tapit.errors import UsageError
from tapit.language import subscription_keys
from tapit.language.command import Command
from tapit.terminal import times

if TYPE_CHECKING:
    from tapit.home.answers import SubscriptionWithSecret


def run(call: Call) -> int:
    if call.output == "id":
        raise UsageError(
            "-o id would not show the secret",
            "It is told this once only.",
            "-o json, or nothing for a person",
        )
    rotated: SubscriptionWithSecret = call.client.send("POST", f"{path_of(call, 'subscriptions')}/rotate")
    call.say(f"Subscription {rotated['name']} has a new secret.")
    new_secret.print_secret(call, rotated)
    until = rotated.get("previous_until")
    if until:
        left = times.hours(round(times.seconds_between(times.now(), until) / 3600, 1))
        call.say(f"For another {left}, until {until}, deliveries are signed with the one before as well.")
    return 0


COMMAND = Command(
    "rotate subscription",
    example="tapit rotate subscription name=ops-example-com",
    word="name",
    required=("name",),
    keys=(subscription_keys.NAME,),
    details="The new secret is shown once. For 24 hours deliveries are signed with both, so that the receiver can be\n"
    "given the new one without missing any. If you lose it, rotate again: each secret signs for 24 hours after it was\n"
    "replaced.",
)
