"""`tapit list apps`"""

from tapit import app_block
from tapit.call import Call
from tapit.grammar import Command


def run(call: Call) -> int:
    apps = list(call.client.pages("/apps"))
    app_block.print_list(call, apps)
    if not apps:
        call.say("No apps yet. Make one with: " + call.typed("tapit create app name=demo"))
    return 0


COMMAND = Command("list", "apps", "Every app.", run, example="tapit list apps -o json")
