"""Where a task can be in its life, as every home names it."""

from __future__ import annotations

from tapit import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FINAL = ("SUCCEEDED", "FAILED", "STOPPED", "TIMED_OUT", "LOST")
UNFINISHED = ("PENDING", "STARTING", "RUNNING", "STOPPING")
STATUSES = (*UNFINISHED, *FINAL)
COLOURS = {
    "RUNNING": ("green",),
    "PENDING": ("yellow",),
    "STARTING": ("yellow",),
    "STOPPING": ("yellow",),
    "FAILED": ("red",),
    "TIMED_OUT": ("red",),
    "LOST": ("red",),
}


def is_final(task: Mapping[str, object]) -> bool:
    return task["status"] in FINAL


def colours_of(status: str) -> tuple[str, ...]:
    return COLOURS.get(status, ("dim",))
