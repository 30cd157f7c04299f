"""What to do about a task that did not succeed, beside all that is told of it anyway."""

from __future__ import annotations

from tapit import TYPE_CHECKING

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import PublicTask

FAILURES = ("FAILED", "TIMED_OUT", "LOST")
SEE_OUTPUT = "Look at the end of its output."


def what_to_do(task: PublicTask) -> str | None:
    """Nobody is sent to look at what is printed beside it."""
    diagnosis = task.get("diagnosis")
    advice = diagnosis["next"] if diagnosis else ""
    return advice.removesuffix(SEE_OUTPUT).rstrip() if task["status"] in FAILURES else advice


def say_what_to_do(call: Call, task: PublicTask) -> None:
    """Below the line that tells of its end."""
    if task["status"] in FAILURES and (advice := what_to_do(task)):
        call.say(f"  {'→' if call.err.speaks_unicode else '->'} {advice}")
    call.hint("more", f"tapit show task task={task['id']}")
