"""`tapit create subscription url=URL`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import path_of_all
from tapit.call import Call
from tapit.display import new_secret, subscription_words
from tapit.errors import UsageError
from tapit.language import subscription_keys
from tapit.language.command import Command
from tapit.terminal.unseen import read_unseen

if TYPE_CHECKING:
    from tapit.home.answers import SubscriptionWithSecret

FIELDS = ("name", "url", "events", "format")


def run(call: Call) -> int:
    path = path_of_all(call, "subscriptions")
    made: SubscriptionWithSecret = call.client.send("POST", path, body(call, FIELDS))
    call.say(
        f"Created subscription {made['name']}: {_what(made)} of app {made['app']} goes to {_host(made['url'])}."
    )
    if call.output != "table" or made["format"] != "slack":  # Slack checks no signatures
        new_secret.print_secret(call, made)
    call.hint("test", subscription_words.command(call, "test", made["name"]))
    return 0


def body(call: Call, fields: tuple[str, ...]) -> dict[str, object]:
    """What was given of the fields; an address that is not to be seen is asked for."""
    given = {name: call.get(name) for name in fields if name in call.settings}
    if given.get("url") == subscription_keys.UNSEEN:
        given["url"] = subscription_keys.URL.reads("url", read_unseen("Address (unseen): "))
        if given["url"] == subscription_keys.UNSEEN:
            raise UsageError("url= is not a web address", "It was to be read from stdin.")
    return given


def _what(made: SubscriptionWithSecret) -> str:
    return subscription_words.events(made) if made["events"] else "every event"


def _host(url: str) -> str:
    """Without the path, which may be a secret."""
    return url.partition("://")[2].partition("/")[0]


COMMAND = Command(
    "create subscription",
    example="tapit create subscription url=https://ops.example.com events=failed,lost",
    word="url",
    required=("url",),
    keys=(subscription_keys.URL, subscription_keys.NEW_NAME, *subscription_keys.CHANGEABLE),
    details=subscription_keys.DETAILS + "\n\nThe secret that deliveries are signed with is shown once.",
)
