"""`tapit config show`"""

from tapit.call import Call
from tapit.home import config_file, tokens
from tapit.language.command import Command
from tapit.terminal.block import Block

NAMES = ("profile", "url", "token", "app")


def run(call: Call) -> int:
    home = call.home
    shown = {name: getattr(home, name) for name in NAMES}
    if home.token:
        shown["token"] = tokens.masked(home.token)
    if call.output == "json":
        told = {name: {"value": shown[name], "source": home.sources.get(name)} for name in NAMES}
        call.out.write_json({**told, "file": config_file.config_path()})
        return 0
    block = Block(call.out)
    for name in NAMES:
        source = home.sources.get(name)
        block.line(name.capitalize(), f"{shown[name]}  (from {source})" if source else "not set")
    block.line("File", config_file.config_path())
    return 0


COMMAND = Command("config show", example="tapit config show")
