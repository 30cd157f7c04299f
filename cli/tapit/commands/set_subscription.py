"""`tapit set subscription NAME key=value`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import change, path_of, told_unchanged
from tapit.call import Call
from tapit.commands.create_subscription import body
from tapit.display import for_scripts, subscription_words
from tapit.language import subscription_keys
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import ChangedSubscription

FIELDS = ("url", "events", "format", "paused")


def run(call: Call) -> int:
    changes = body(call, FIELDS)
    changed: ChangedSubscription = change(call, "subscription", path_of(call, "subscriptions"), changes)
    if not told_unchanged(call, "subscription", changed):
        call.say(f"Changed subscription {changed['name']}.")
    if changed.get("paused"):
        call.say("It is paused: what happens now is not sent later.")
        call.hint("resume", subscription_words.command(call, "set", changed["name"], "paused=false"))
    elif changes.get("paused") is False:
        call.say("What was missed is not sent by itself.")
        call.hint("see it", call.typed_in_app("list events"))
        call.hint("send it", subscription_words.command(call, "resend", changed["name"], "event=ID"))
    for_scripts.print_answer(call, changed)
    return 0


COMMAND = Command(
    "set subscription",
    example="tapit set subscription name=ops-example-com paused=false",
    word="name",
    required=("name",),
    keys=(
        subscription_keys.NAME,
        subscription_keys.URL,
        *subscription_keys.CHANGEABLE,
        subscription_keys.PAUSED,
    ),
    details="What happens while a subscription is paused is not sent later, but each event can be: see resend\n"
    "subscription. One whose address answers 410, or takes nothing for a day, pauses itself.\n\n"
    + subscription_keys.DETAILS,
)
