"""`tapit resend subscription NAME event=ID`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import path_of
from tapit.call import Call
from tapit.display import for_scripts, subscription_words
from tapit.language import subscription_keys
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import Delivery


def run(call: Call) -> int:
    name, event = call.text("name"), call.text("event")
    delivery: Delivery = call.client.send(
        "POST", f"{path_of(call, 'subscriptions')}/resend", {"event": event}
    )
    call.say(f"Event {delivery['event_id']} goes to {name} once more.")
    call.hint("look", subscription_words.command(call, "show", name))
    for_scripts.print_answer(call, delivery, by="event_id")
    return 0


COMMAND = Command(
    "resend subscription",
    example="tapit resend subscription name=ops-example-com event=1jd3m8k7x2qf-5",
    word="name",
    required=("name", "event"),
    keys=(subscription_keys.NAME, subscription_keys.EVENT),
    details="Any event of the app's last 7 days, whether this subscription was sent it before or not. It keeps its\n"
    "webhook-id, so that a receiver that drops what it has seen drops it.",
)
