"""`tapit show app NAME`"""

from tapit import app_block, app_keys
from tapit.call import Call
from tapit.client import segment
from tapit.grammar import Command


def run(call: Call) -> int:
    app = call.client.get(f"/apps/{segment(call.get('name') or call.app())}")
    if call.output == "table":
        app_block.print_app(call, app)
    else:
        app_block.print_answer(call, app)
    return 0


COMMAND = Command(
    "show",
    "app",
    "What the tasks of an app inherit.",
    run,
    example="tapit show app name=shop",
    word="name",
    keys=(app_keys.NAME,),
    details="Without a name, the app chosen by -a, TAPIT_APP, .tapit.toml or the profile.",
)
