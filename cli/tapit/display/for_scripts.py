"""`-o json` and `-o id`, the same of whatever was asked: data on stdout."""

from __future__ import annotations

from tapit import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from tapit.call import Call


def print_list(
    call: Call, items: Sequence[Mapping[str, Any]], draw: Callable[[], None], *, by: str = "name"
) -> None:
    """A name each a line, or an array; for a person what `draw` draws, unless there is nothing."""
    if call.output == "id":
        call.out.write("".join(f"{item[by]}\n" for item in items))
    elif call.output == "json":
        call.out.write_json(items)
    elif items:
        draw()


def print_answer(call: Call, answer: Mapping[str, Any], *, by: str = "name") -> None:
    """After a change; a person has been told already."""
    if call.output == "json":
        call.out.write_json(answer)
    elif call.output == "id":
        call.out.write(f"{answer[by]}\n")
