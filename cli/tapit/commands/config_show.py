"""`tapit config show`"""

from tapit import config
from tapit.call import Call
from tapit.grammar import Command
from tapit.show_block import Block
from tapit.tasks import print_json

NAMES = ("profile", "url", "token", "app")


def run(call: Call) -> int:
    home = call.home
    shown = {name: getattr(home, name) for name in NAMES}
    if home.token:
        shown["token"] = home.token[:4] + "***"
    if call.output == "json":
        told = {name: {"value": shown[name], "source": home.sources.get(name)} for name in NAMES}
        print_json(call.out, {**told, "file": str(config.config_path())})
        return 0
    block = Block(call)
    for name in NAMES:
        source = home.sources.get(name)
        block.line(name.capitalize(), f"{shown[name]}  (from {source})" if source else "not set")
    block.line("File", str(config.config_path()))
    return 0


COMMAND = Command(
    "config", "show", "Each setting, and where it comes from.", run, example="tapit config show"
)
