"""`tapit list audit`"""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.call import Call
from tapit.commands.list_tasks import NEWEST, SINCE, everything
from tapit.display import audit_list
from tapit.errors import UsageError
from tapit.language import values
from tapit.language.command import Command, Flag, Key
from tapit.language.did_you_mean import did_you_mean

if TYPE_CHECKING:
    from tapit.home.answers import AuditEntry, PageOfAudit

WHAT = (
    "task.stopped",
    "task.extended",
    "task.deleted",
    "session.opened",
    "session.resumed",
    "session.ended",
    "app.created",
    "app.changed",
    "app.deleted",
    "subscription.created",
    "subscription.changed",
    "subscription.rotated",
    "subscription.resent",
    "subscription.deleted",
    "command.created",
    "command.changed",
    "command.deleted",
    "schedule.created",
    "schedule.changed",
    "schedule.started",
    "schedule.deleted",
    "token.created",
    "token.deleted",
    "trust.created",
    "trust.used",
    "trust.deleted",
)
NARROWING = ("app", "by", "what", SINCE.name)


def run(call: Call) -> int:
    if "all" in call.flags and "limit" in call.settings:
        raise UsageError("--all and limit= contradict each other", then="leave one of them out")
    found, more = _gather(call)
    audit_list.print_list(call, found, as_json=everything(call, NARROWING[1:], "-o json"))
    if not found:
        narrowed = any(name in call.settings for name in NARROWING)
        call.say("No such entries." if narrowed else "No entries yet.")
    elif more and call.output != "id" and "limit" not in call.settings:
        call.say(f"more: {everything(call, NARROWING[1:])}", "dim")
    return 0


def _gather(call: Call) -> tuple[list[AuditEntry], bool]:
    """Page by page, until there are enough or no more. A profile's app narrows nothing down, only one that is typed."""
    wanted = None if "all" in call.flags else call.get("limit") or NEWEST
    query: dict[str, object] = {name: call.settings.get(name) for name in NARROWING}
    found: list[AuditEntry] = []
    has_more = False
    page: PageOfAudit
    for page in call.client.pages("/audit", query, most=wanted, sparse=True):
        found += page["items"]
        has_more = bool(page["next"])
    return found, has_more


def _what(key: str, given: str) -> str:
    wanted = given.strip().lower()
    if wanted not in WHAT:
        raise UsageError(
            f"{key}={given} is nothing that is kept",
            f"One of {', '.join(WHAT)}.",
            did_you_mean(wanted, WHAT, before=f"{key}="),
        )
    return wanted


COMMAND = Command(
    "list audit",
    example="tapit list audit what=task.stopped by=ci since=2d",
    keys=(
        Key(
            "app",
            values.name,
            "only what is about this app, also when it is gone",
            placeholder="APP",
            short="a",
            offers="apps",
        ),
        Key("limit", values.whole(1, 100_000), "how many, instead of 50", placeholder="N"),
        Key(
            "by",
            values.name,
            "only what was done with this token's name",
            placeholder="NAME",
            offers="tokens",
        ),
        Key("what", _what, "only this, such as app.changed", placeholder="WHAT", choices=WHAT),
        SINCE,
    ),
    flags=(Flag("all", "every entry of the last 400 days, not the newest 50"),),
    details="Newest first; of every app, or with app= of that one. What is done to tasks,\n"
    "sessions, apps, subscriptions, tokens and trusts is kept for 400 days, with the names of what changed and no\n"
    "values. Who created a task is in its own record. Takes an admin's token; one that is for some apps lists what\n"
    "is about those alone.\n\n"
    f"what= is one of {', '.join(WHAT)}.",
)
