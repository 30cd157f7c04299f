"""`tapit list apps`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.by_name import all_at
from tapit.call import Call
from tapit.display import app_list
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import App


def run(call: Call) -> int:
    apps: list[App] = all_at(call, "/apps")
    app_list.print_list(call, apps)
    if not apps:
        call.say_none("No apps yet.", "Make one with", "tapit create app name=demo", takes="admin")
    return 0


COMMAND = Command("list apps", example="tapit list apps -o json")
