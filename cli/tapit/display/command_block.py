"""What a saved command runs, and how, as a block of `Key: value` lines."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display.option_lines import print_options
from tapit.terminal import times
from tapit.terminal.block import Block

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import SavedCommand


def print_command(call: Call, saved: SavedCommand) -> None:
    block = Block(call.out)
    block.line("Name", saved["name"], "bold")
    block.line("App", saved["app"])
    block.line("What for", saved.get("description"))
    block.whole_lines("Command", saved["command"].split("\n"))
    print_options(block, saved)
    block.line("Created", times.both(saved["created_at"]))
    block.line("By", f"{saved['created_by']} (verified)")
    block.line("Revision", str(saved["revision"]))
    run = call.typed_in_app(f"create task command={saved['name']} -w")
    block.lines("Next", [f"{run}    runs it"] if call.may("operator") else [])
