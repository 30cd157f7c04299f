"""`tapit list subscriptions`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import all_at, path_of_all
from tapit.call import Call
from tapit.display import subscription_list, subscription_words
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import Subscription


def run(call: Call) -> int:
    subscriptions: list[Subscription] = all_at(call, path_of_all(call, "subscriptions"))
    subscription_list.print_list(call, subscriptions)
    if not subscriptions:
        create = call.typed_in_app("create subscription url=https://...")
        call.say_none("No subscriptions yet.", "Make one with", create, takes="admin")
    elif call.output == "table":
        _point_to_trouble(call, subscriptions)
    return 0


def _point_to_trouble(call: Call, subscriptions: list[Subscription]) -> None:
    for one in subscriptions:
        if subscription_words.is_in_trouble(one):
            call.hint("why", subscription_words.command(call, "show", one["name"]))
            return


COMMAND = Command("list subscriptions", example="tapit list subscriptions")
