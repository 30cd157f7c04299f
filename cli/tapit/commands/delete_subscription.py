"""`tapit delete subscription NAME`"""

from tapit.by_name import delete, path_of
from tapit.call import Call
from tapit.errors import SubscriptionNotFound
from tapit.language import subscription_keys
from tapit.language.command import Command


def run(call: Call) -> int:
    said = f"Removed subscription {call.text('name')}; nothing more is sent there."
    return delete(call, path_of(call, "subscriptions"), SubscriptionNotFound, said)


COMMAND = Command(
    "delete subscription",
    example="tapit delete subscription name=ops-example-com",
    word="name",
    required=("name",),
    keys=(subscription_keys.NAME,),
    details="It does not ask. One that is gone already is no error.",
)
