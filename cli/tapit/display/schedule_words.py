"""What is said of a schedule: when it runs next, how it went the last time, and what to type next."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.statuses import colours_of
from tapit.terminal import times
from tapit.terminal.folding import fitted
from tapit.terminal.stream import Stream, harmless

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import RunOfSchedule, Schedule

INDENT = "    "  # of a reason below what it is the reason for
COLOURS = {
    "PAUSED": ("red",),
    "cannot": ("red",),
    "not": ("yellow",),
    "off": ("dim",),
    "over": ("dim",),
}


def next_run(schedule: Schedule) -> str:
    """`in 5h12m`, or why there is none."""
    if schedule.get("paused"):
        return "-"
    if not schedule.get("enabled", True):
        return "off"
    due = starts_at(schedule)
    return ahead(due) if due else "over"


def starts_at(schedule: Schedule) -> str | None:
    """With its jitter, which an older home does not tell."""
    return schedule.get("due_at") or schedule.get("next_run_at")


def ahead(moment: str) -> str:
    left = times.seconds_between(times.now(), moment)
    return f"in {times.brief(left)}" if left >= 1 else "now"


def last_run(schedule: Schedule) -> str:
    """How it went; in capitals when it paused itself, so that it is seen. Why is told by `why_no_task`."""
    run = schedule.get("last_run")
    if trouble := _trouble(schedule):
        return trouble[0]
    return f"{outcome(run)} {times.ago(run['time'])}" if run else "-"


def why_no_task(schedule: Schedule) -> str | None:
    """Why it is paused, cannot run, or has left its last time out."""
    if trouble := _trouble(schedule):
        return trouble[1]
    run = schedule.get("last_run")
    return run.get("why") if run else None


def why_in_trouble(schedule: Schedule) -> str | None:
    return ": ".join(_trouble(schedule)) or None


def _trouble(schedule: Schedule) -> tuple[str, ...]:
    """What, and why. None when somebody switched it off: they know."""
    if paused := schedule.get("paused"):
        return "PAUSED", paused["why"]
    problem = schedule.get("problem")
    return ("cannot run", problem) if problem else ()


def outcome(run: RunOfSchedule) -> str:
    """`SUCCEEDED`, `FAILED (1)`, or `not run` for a time that became no task."""
    if run.get("task_id") is None:
        return "not run"
    status, code = run.get("status"), run.get("exit_code")
    if status is None:
        return "started"
    return status if code is None or status == "SUCCEEDED" else f"{status} ({code})"


def below(stream: Stream, why: str | None, outcome: str) -> list[str]:
    """A reason, on lines of its own below what it is the reason for."""
    lines = fitted(stream, harmless(why), taken=len(INDENT)) if why else []
    return [INDENT + stream.styled(line, *colours(outcome)) for line in lines]


def colours(cell: str) -> tuple[str, ...]:
    word = cell.partition(" ")[0].rstrip(":")
    return COLOURS.get(word) or (colours_of(word) if word.isupper() else ())


def what(schedule: Schedule) -> str:
    """Its line, or the name of the saved command that it runs."""
    line = schedule.get("command")
    return f"command={schedule.get('command_name')}" if line is None else " ".join(line.split())


def command(call: Call, verb: str, name: str, more: str = "") -> str:
    """What to type about this schedule, which another app may have as well."""
    from shlex import quote

    words = [f"{verb} schedule name={quote(name)}", *([more] if more else [])]
    return call.typed_in_app(" ".join(words))
