"""How a task is told: its colours, its row in the list, and the end of its story in one line."""

from tapit import table, times
from tapit.terminal import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tapit.call import Call

FINAL = ("SUCCEEDED", "FAILED", "STOPPED", "TIMED_OUT", "LOST")
HEADERS = ["ID", "STATUS", "CREATED", "RAN", "CPU/MEM", "TAG", "BY", "COMMAND"]
SPARE = ("TAG", "CPU/MEM", "BY", "RAN", "CREATED", "COMMAND")  # the first to go where it is narrow first
COLOURS = {
    "RUNNING": ("green",),
    "PENDING": ("yellow",),
    "STARTING": ("yellow",),
    "STOPPING": ("yellow",),
    "FAILED": ("red",),
    "TIMED_OUT": ("red",),
    "LOST": ("red",),
}


def is_final(task: "dict[str, Any]") -> bool:
    return task["status"] in FINAL


def colours_of(status: str) -> tuple[str, ...]:
    return COLOURS.get(status, ("dim",))


def print_list(call: "Call", tasks: "list[dict[str, Any]]") -> None:
    if call.output == "id":
        call.out.write("".join(f"{task['id']}\n" for task in tasks))
    elif call.output == "json":
        print_json(call.out, tasks)
    elif tasks:
        rows = [_row(call.out, task) for task in tasks]
        table.draw(call.out, HEADERS, rows, _style, spare=SPARE)


def print_one(call: "Call", task: "dict[str, Any]") -> None:
    """The task as the answer to a command that changed it."""
    if call.output == "json":
        print_json(call.out, whole(task))
    else:
        print_list(call, [task])


def whole(task: "dict[str, Any]") -> "dict[str, Any]":
    """The task itself; the object of some other service is not passed on as one."""
    return {"id": task["id"], "status": task["status"], **task}


def print_json(stream: Stream, value: object) -> None:
    import json

    stream.write(json.dumps(value, indent=2, ensure_ascii=stream.wants_ascii_json) + "\n")


def _row(stream: Stream, task: "dict[str, Any]") -> list[str]:
    created = task["created_at"]
    return [
        task["id"],
        status_cell(task),
        times.ago(created) if stream.is_terminal else created,
        ran(task) or "-",
        f"{task['cpu']:g}/{task['memory']:g}",
        task.get("docker_tag") or "-",
        task.get("initiated_by") or task.get("created_by") or "-",
        " ".join(task["command"].split()),
    ]


def _style(at: int, cell: str) -> tuple[str, ...]:
    if at == 0:
        return ("bold",)
    return colours_of(cell.split(" ", maxsplit=1)[0]) if at == 1 else ()


def status_cell(task: "dict[str, Any]") -> str:
    """The exit code belongs to the status: `FAILED (137)`."""
    code = task.get("exit_code")
    if code is None or task["status"] == "SUCCEEDED":
        return str(task["status"])
    return f"{task['status']} ({code})"


def ran(task: "dict[str, Any]") -> str | None:
    """How long, so far or in all."""
    if not task.get("started_at"):
        return None
    return times.brief(times.seconds_since(task["started_at"], task.get("stopped_at")))


def ending(task: "dict[str, Any]") -> str:
    """`succeeded after 1m12s`, `failed with exit code 7 after 3s: out of memory`."""
    after = f" after {ran(task)}" if ran(task) else ""
    status, code = task["status"], task.get("exit_code")
    what = {
        "SUCCEEDED": "succeeded",
        "FAILED": "failed" + (f" with exit code {code}" if code is not None else ""),
        "STOPPED": "was stopped" + _by_whom(task),
        "TIMED_OUT": "was stopped at its time limit",
        "LOST": "was lost",
    }.get(status, status)
    why = _why(task)
    return f"{what}{after}" + (f": {why}" if why and status != "SUCCEEDED" else "")


def _by_whom(task: "dict[str, Any]") -> str:
    by = (task.get("stop_cause") or {}).get("by")
    return f" by {by}" if by else ""


def _why(task: "dict[str, Any]") -> str | None:
    if task["status"] in ("STOPPED", "TIMED_OUT"):
        return None
    diagnosis = task.get("diagnosis") or {}
    why = diagnosis.get("what") or task.get("reason")
    if why and f"failed with exit code {task.get('exit_code')}" in why:
        return None  # the ending line says so itself
    return str(why).rstrip(".") if why else None
