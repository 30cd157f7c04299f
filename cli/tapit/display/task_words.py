"""What is said of a task: its status, how long it ran, how it ended."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.terminal import times
from tapit.terminal.stream import clipped, width_of

if TYPE_CHECKING:
    from tapit.home.answers import ListedTask, PublicTask, StateOfLog, TaskOptions

    Waiting = ListedTask | StateOfLog


def status_cell(task: ListedTask) -> str:
    """The exit code belongs to the status, and so does which try it is: `FAILED (137)`, `RUNNING (attempt 2 of 3)`."""
    code = None if task["status"] == "SUCCEEDED" else task.get("exit_code")
    details = ", ".join(str(each) for each in (code, attempt(task)) if each is not None)
    return f"{task['status']} ({details})" if details else str(task["status"])


def waiting(task: Waiting) -> str:
    """`waiting for lock migrate, held by 1jd3m8k7x2qf`, or `pulling shop:1`; nothing while it waits for nothing."""
    what = task.get("waiting_for") or ""
    is_done_to_it = what.partition(" ")[0].endswith("ing")
    return what if is_done_to_it or not what else f"waiting for {what}"


def progress_within(what: str, width: int) -> str:
    """`pulling shop:1 (12.0 of 40.0 MB)`: how far it is says more than whose image it is, whose name gives way."""
    doing, bracket, progress = what.partition(" (")
    verb, space, image = doing.partition(" ")
    if width_of(what) <= width or not bracket or not space:
        return what
    short, first = image.rpartition("/")[2], f"{progress.removesuffix(')').partition(', ')[0]})"
    for name, told in ((short, progress), (image, first), (short, first)):
        if width_of(shown := f"{verb} {name} ({told}") <= width:
            return shown
    room = width - width_of(f"{verb}  ({first}")
    return f"{verb} {clipped(short, max(room, 1))} ({first}"


def doing(task: ListedTask) -> str:
    """Its command on one line, behind what it waits for."""
    command = " ".join(task["command"].split())
    return ": ".join(filter(None, [waiting(task), command]))


def attempt(task: ListedTask) -> str | None:
    """`attempt 2 of 3`; of a task that may be tried again and has not been, or never will be, nothing."""
    number = task.get("try_number") or 1
    if number == 1 and not task.get("retried_by"):
        return None
    return f"attempt {number} of {(task.get('retries') or 0) + 1}"


def lock(asked: PublicTask | TaskOptions) -> str | None:
    """`migrate`, or `migrate (if_locked=refuse)` where it is not the usual."""
    name, if_locked = asked.get("lock"), asked.get("if_locked")
    if name and (schedule := schedule_of(name)):
        return f"the one that runs of schedule {schedule} have in common"
    return name and name + ("" if if_locked in (None, "wait") else f" (if_locked={if_locked})")


def schedule_of(name: str | None) -> str | None:
    """Of a lock's name, or of whoever created a task: the schedule that it stands for."""
    before, colon, schedule = (name or "").partition(":")
    return schedule if colon and before == "schedule" else None


def retries(asked: PublicTask | TaskOptions) -> str | None:
    """`2 at most, after exit:75, 30s apart`."""
    most, reasons, wait = asked.get("retries"), asked.get("retry_on"), asked.get("retry_wait")
    if not most:
        return None
    after = f", after {', '.join(reasons)}" if reasons else ""
    return f"{most} at most{after}" + (f", {times.brief(wait)} apart" if wait else "")


def ran(task: ListedTask) -> str | None:
    """How long, so far or in all."""
    started = task.get("started_at")
    return times.brief(times.seconds_since(started, task.get("stopped_at"))) if started else None


def tags(given: dict[str, str] | None) -> str:
    """As they are written."""
    return ", ".join(f"{key}:{value}" for key, value in sorted((given or {}).items()))


def ending(task: PublicTask) -> str:
    """`succeeded after 1m12s`, `failed with exit code 7 after 3s: out of memory`."""
    after = f" after {ran(task)}" if ran(task) else ""
    status, code = task["status"], task.get("exit_code")
    if status == "FAILED" and (never := _never_started(task)):
        return never
    what = {
        "SUCCEEDED": "succeeded",
        "FAILED": "failed" + (f" with exit code {code}" if code is not None else ""),
        "STOPPED": ("was replaced" if _was_replaced(task) else "was stopped") + _by_whom(task),
        "TIMED_OUT": "was stopped at its time limit",
        "LOST": "was lost",
    }.get(status, status)
    why = why_ended(task)
    return f"{what}{after}" + (f": {why}" if why and status != "SUCCEEDED" else "")


def _never_started(task: PublicTask) -> str | None:
    """`never started: no such image`, as the diagnosis says it."""
    why = why_ended(task) or ""
    return why.removeprefix("It ") if why.startswith("It never started") else None


def _by_whom(task: PublicTask) -> str:
    cause = task.get("stop_cause")
    return f" by {cause['by']}" if cause and cause.get("by") else ""


def _was_replaced(task: PublicTask) -> bool:
    cause = task.get("stop_cause")
    return cause is not None and cause["kind"] == "replaced"


def why_ended(task: PublicTask) -> str | None:
    """In a few words, where the status does not say it."""
    if task["status"] in ("STOPPED", "TIMED_OUT"):
        return None
    diagnosis = task.get("diagnosis")
    why = (diagnosis and diagnosis.get("what")) or task.get("reason")
    if why and f"failed with exit code {task.get('exit_code')}" in why:
        return None  # the ending line says so itself
    return str(why).rstrip(".") if why else None
