"""The end of a task's output, and what of it was lost."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.errors import CliError, OutputForbidden
from tapit.home.client import segment

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import StateOfLog, Task


def say_lost_output(call: Call, said: Task | StateOfLog) -> None:
    lost = said.get("lost_output_bytes") or 0
    if lost:
        call.say(f"{in_bytes(lost)} of the output could not be kept.", "yellow")


def in_bytes(count: int) -> str:
    return "1 byte" if count == 1 else f"{count:,} bytes"


def last_lines(call: Call, task_id: str, count: int) -> list[str]:
    """The end of the output, or that it may not be read; none when asking fails, for it only adds to what is told."""
    try:
        page = call.client.get(f"/tasks/{segment(task_id)}/logs", {"tail": count})
    except OutputForbidden as refusal:
        return [f"({refusal.what})"]
    except CliError:
        return []
    return [str(line["message"]) for line in page["items"]]
