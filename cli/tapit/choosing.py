"""What to say when no app was chosen: the ones there are, and what to type."""

from tapit.client import Client
from tapit.errors import UsageError


def no_app_chosen(client: Client) -> UsageError:
    names = [app["name"] for app in client.pages("/apps", limit=20)]
    if not names:
        return UsageError("no app is chosen", "There is no app yet.", "tapit create app name=demo")
    then = f"tapit -a {names[0]} ...\nor for good: tapit config set app={names[0]}"
    return UsageError(
        "no app is chosen", f"There {'is' if len(names) == 1 else 'are'} {', '.join(names)}.", then
    )
