"""Who did what, as rows: when, what, to which task, app, subscription or token, by whom, and more about it."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display import for_scripts
from tapit.terminal import table, times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tapit.call import Call
    from tapit.home.answers import AuditEntry

HEADERS = ["TIME", "WHAT", "TARGET", "BY", "APP", "DETAILS"]
SPARE = ("DETAILS", "APP", "TIME")  # the first to go where it is narrow first


def print_list(call: Call, entries: list[AuditEntry], *, as_json: str) -> None:
    """`as_json` is what to type to have all of it, where that does not fit."""

    def draw() -> None:
        rows = [_row(call, entry) for entry in entries]
        table.draw(call.out, HEADERS, rows, _style, spare=SPARE)
        if not table.fits(call.out, HEADERS, rows):
            call.say(f"There is more than fits here: {as_json}", "dim")

    for_scripts.print_list(call, entries, draw, by="id")


def _row(call: Call, entry: AuditEntry) -> list[str]:
    return [
        times.ago(entry["time"]) if call.out.is_terminal else entry["time"],
        entry["what"],
        entry["target"],
        entry["by"],
        entry["app"] or "-",
        _words(entry["details"]) or "-",
    ]


def _words(details: Mapping[str, object]) -> str:
    """`changed=cpu,limits.max_cpu paused=no`; a newer home may tell what has no shape here, and none is left out."""
    return " ".join(f"{name}={_word(value)}" for name, value in details.items() if value not in (None, []))


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(str(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _style(at: int, _cell: str) -> tuple[str, ...]:
    return ("bold",) if at == 2 else ()
