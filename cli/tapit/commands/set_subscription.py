"""`tapit set subscription NAME key=value`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.commands.create_subscription import body
from tapit.commands.show_subscription import path_of
from tapit.display import for_scripts, subscription_words
from tapit.errors import UsageError
from tapit.language import subscription_keys
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import ChangedSubscription

FIELDS = ("url", "events", "format", "paused")


def run(call: Call) -> int:
    changes = body(call, FIELDS)
    if not changes:
        raise UsageError("nothing to change", then="tapit set subscription --help")
    changed: ChangedSubscription = call.client.send("PATCH", path_of(call), changes)
    is_so = changed.get("changed") == []
    call.say(
        f"Subscription {changed['name']} is so already; nothing changed."
        if is_so
        else f"Changed subscription {changed['name']}."
    )
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
