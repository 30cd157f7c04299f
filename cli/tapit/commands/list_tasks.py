"""`tapit list tasks`"""

from tapit import tasks, values
from tapit.call import Call
from tapit.client import segment
from tapit.errors import UsageError
from tapit.grammar import Command, Flag, Key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NEWEST = 50
PAGE = 100  # the most the home gives at once
FILTERS = ("status", "initiated_by", "created_by")


def run(call: Call) -> int:
    _refuse_contradictions(call)
    found, more = _gather(call)
    tasks.print_list(call, found)
    if not found:
        _say_none(call)
    elif more and call.output != "id" and "limit" not in call.settings:
        call.say(f"more: {_everything(call)}", "dim")
    return 0


def _gather(call: Call) -> "tuple[list[dict[str, Any]], bool]":
    """Page by page, until there are enough or no more."""
    wanted = None if "all" in call.flags else call.get("limit") or NEWEST
    path = f"/apps/{segment(call.app())}/tasks"
    query = {name: call.get(name) for name in (*FILTERS, "since")}
    found: list[dict[str, Any]] = []
    while True:
        size = PAGE if wanted is None else min(wanted - len(found), PAGE)
        page = call.client.get(path, {**query, "limit": size})
        found += page["items"]
        query["cursor"] = page["next"]
        if not page["next"] or (wanted is not None and len(found) >= wanted):
            return found, bool(page["next"])


def _everything(call: Call) -> str:
    """The same list without its end, ready to be typed."""
    from shlex import quote

    words = [f"-a {quote(call.text('app'))}"] if "app" in call.settings else []
    words += [f"{name}={quote(call.text(name))}" for name in (*FILTERS, "since") if name in call.settings]
    return call.typed(" ".join(["tapit list tasks", *words, "--all"]))


def _say_none(call: Call) -> None:
    if any(name in call.settings for name in (*FILTERS, "since")):
        call.say("No such tasks.")
    else:
        call.say("No tasks yet. Start one with: " + call.typed("tapit create task 'COMMAND'"))


def _refuse_contradictions(call: Call) -> None:
    given = [name for name in FILTERS if name in call.settings]
    if len(given) > 1:
        raise UsageError(
            f"{given[0]}= and {given[1]}= cannot be combined", then=f"give one of {', '.join(FILTERS)}"
        )
    if "all" in call.flags and "limit" in call.settings:
        raise UsageError("--all and limit= contradict each other", then="leave one of them out")


COMMAND = Command(
    "list",
    "tasks",
    "The newest tasks of an app.",
    run,
    example="tapit list tasks status=FAILED since=2h",
    keys=(
        Key("limit", values.whole(1, 100_000), "how many, instead of 50", placeholder="N"),
        Key("status", values.status, "only those", placeholder="STATUS", choices=tuple(values.STATUSES)),
        Key("initiated_by", values.text, "only theirs", placeholder="WHO", aliases=("initiator",)),
        Key("created_by", values.text, "only those made with this token's name", placeholder="NAME"),
        Key("since", values.since, "2h or 3d ago, or a time: 2026-11-24T08:00:00Z", placeholder="WHEN"),
    ),
    flags=(Flag("all", "every task, not the newest 50"),),
)
