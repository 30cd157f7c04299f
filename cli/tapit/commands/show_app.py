"""`tapit show app NAME`"""

from tapit.by_name import show
from tapit.call import Call
from tapit.display import app_block
from tapit.home.client import segment
from tapit.language import app_keys
from tapit.language.command import Command


def run(call: Call) -> int:
    return show(call, f"/apps/{segment(call.get('name') or call.app())}", app_block.print_app)


COMMAND = Command(
    "show app",
    example="tapit show app name=shop",
    word="name",
    keys=(app_keys.NAME,),
    details="Without a name, the app chosen by -a, TAPIT_APP, .tapit.toml or the profile.",
)
