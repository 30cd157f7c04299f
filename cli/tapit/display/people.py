"""Who did something, where there is little room."""

from __future__ import annotations

from tapit import TYPE_CHECKING

if TYPE_CHECKING:
    from tapit.home.answers import ListedTask


def who(task: ListedTask) -> str:
    """`ci for john.doe`: the token, which is verified, and whom its holder says to act for."""
    verified, claimed = task.get("created_by") or "-", task.get("initiated_by")
    return f"{brief(verified)} for {claimed}" if claimed and claimed != verified else brief(verified)


def brief(name: str) -> str:
    """`deploy-shop/alice` of the ARN of a role's session, `alice` of a user's; any other name as it is."""
    if not name.startswith("arn:"):
        return name
    kind, _, rest = name.rpartition(":")[2].partition("/")
    return rest if kind == "assumed-role" else rest.rpartition("/")[2] or name
