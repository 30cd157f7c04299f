"""`tapit list events`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.commands.list_tasks import NEWEST, SINCE, everything
from tapit.display import event_list
from tapit.errors import UsageError
from tapit.home.client import PAGE, segment
from tapit.language import values
from tapit.language.command import Command, Flag, Key

if TYPE_CHECKING:
    from typing import Any

NARROWING = (SINCE.name,)


def run(call: Call) -> int:
    if "all" in call.flags and "limit" in call.settings:
        raise UsageError("--all and limit= contradict each other", then="leave one of them out")
    wanted = None if "all" in call.flags else call.get("limit") or NEWEST
    found = _gather(call, wanted)
    shown = found if wanted is None else found[-wanted:]
    event_list.print_list(call, shown)
    if not shown:
        call.say("No such events." if call.settings.get("since") else "No events within seven days.")
    elif len(found) > len(shown) and call.output != "id" and "limit" not in call.settings:
        call.say(f"earlier: {everything(call, NARROWING)}", "dim")
    return 0


def _gather(call: Call, wanted: int | None) -> list[dict[str, Any]]:
    """The newest ones, and one more where there are more; or all. Page by page: what comes meanwhile is taken along."""
    path = f"/apps/{segment(call.app())}/events"
    tail = None if wanted is None else wanted + 1
    query: dict[str, object] = {"since": call.get("since"), "tail": tail}
    found: list[dict[str, Any]] = []
    while True:
        page = call.client.get(path, {**query, "limit": PAGE})
        found += page["items"]
        if not page["items"] or (tail is not None and len(found) >= tail):
            return found
        query = {"after": page["next"]}


COMMAND = Command(
    "list events",
    example="tapit list events since=2h",
    keys=(Key("limit", values.whole(1, 5_000), "how many, instead of 50", placeholder="N"), SINCE),
    flags=(Flag("all", "every event of the last seven days, not the newest 50"),),
    details="Oldest first. Each change of a task's status is one event, and so is that a schedule or a subscription\n"
    "has paused itself; they are kept for seven days.",
)
