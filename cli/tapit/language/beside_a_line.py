"""Words beside a line in quotes, or in place of one: a name without `name=`, and what was to be an option."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.errors import UsageError
from tapit.language.options import Option, is_setting, key_of
from tapit.language.sorting import Sorted, could_be_name
from tapit.language.suggested_command import as_typed
from tapit.language.two_readings import sorted_as_ours, typed_line

if TYPE_CHECKING:
    from tapit.language.command import Command


def refuse_without_name(command: Command, found: Sorted) -> None:
    """The first word was the name, maybe: without quotes nobody knows where the line begins."""
    said = [option.key.name for option in found.options if option.key]
    named = [word for word in found.behind if word.startswith(("name=", "--name"))]
    first, *others = [*found.bare, *found.behind, *(found.marked or [])] or [""]
    if not command.name_first or "name" in said or named or not could_be_name(first):
        return
    left = Sorted()
    left.said, left.behind = [*found.options], others
    options, theirs = sorted_as_ours(command, left)
    for option in options:
        if option.key is not None and option.key.may_hold_spaces and option.value is not None:
            option.key.reads(option.key.name, option.value)  # what it cannot be is the better thing to say
    if not theirs:
        what = f"tapit {command.path} needs a line to run as well"
        raise UsageError(
            what, None, f"{typed_line(command, [Option([first]), *options], [], mark=False)} 'LINE'"
        )
    raise UsageError(
        f"tapit {command.path} needs name=",
        f"Is {first} the name? Before a line in quotes it would be; without quotes it is the line's first word.",
        typed_line(command, [Option([f"name={first}"]), *options], theirs),
    )


def refuse_more_than_a_line(command: Command, found: Sorted) -> None:
    """A line in quotes is all of it; what stands beside it was to be something else, mostly an option."""
    options, theirs = sorted_as_ours(command, found)
    line, *others = theirs or [""]
    if not any(map(str.isspace, line)) or is_setting(line) or not others or found.marked is not None:
        return
    known = [option for option in options if option.is_known]
    key = key_of(command, others[0])
    ways = (
        f"part of it: {typed_line(command, known, [' '.join([line, *others])], mark=False)}",
        f"words of a program with a space in its name: {typed_line(command, known, [line, *others])}",
    )
    raise UsageError(
        f"unexpected word {others[0]!r}",
        "A line in quotes is the whole line.",
        f"did you mean {as_typed(f'{key.name}={others[1]}')}?" if key and others[1:] else "\n".join(ways),
    )
