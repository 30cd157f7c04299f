"""Apps as a list: a row each on a terminal, an array for a script."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display import for_scripts
from tapit.display.people import brief
from tapit.terminal import table, times

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import App

HEADERS = ["NAME", "CPU/MEM", "MAX HOURS", "CREATED", "BY", "IMAGE"]


def print_list(call: Call, apps: list[App]) -> None:
    def draw() -> None:
        rows = [_row(call, app) for app in apps]
        table.draw(call.out, HEADERS, rows, lambda at, _cell: ("bold",) if at == 0 else ())

    for_scripts.print_list(call, apps, draw)


def _row(call: Call, app: App) -> list[str]:
    created = app["created_at"]
    return [
        app["name"],
        f"{app['cpu']:g}/{app['memory']:g}" if app.get("cpu") and app.get("memory") else "-",
        "none" if app.get("max_hours") is None else f"{app['max_hours']:g}",
        times.ago(created) if call.out.is_terminal else created,
        brief(app.get("created_by") or "-"),
        app.get("image") or "-",
    ]
