"""`tapit show app NAME`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.display import app_block, for_scripts
from tapit.home.client import segment
from tapit.language import app_keys
from tapit.language.command import Command

if TYPE_CHECKING:
    from tapit.home.answers import App


def run(call: Call) -> int:
    app: App = call.client.get(f"/apps/{segment(call.get('name') or call.app())}")
    if call.output == "table":
        app_block.print_app(call, app)
    else:
        for_scripts.print_answer(call, app)
    return 0


COMMAND = Command(
    "show app",
    example="tapit show app name=shop",
    word="name",
    keys=(app_keys.NAME,),
    details="Without a name, the app chosen by -a, TAPIT_APP, .tapit.toml or the profile.",
)
