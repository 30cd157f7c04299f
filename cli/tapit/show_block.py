"""A task or an app as a block of `Key: value` lines."""

from tapit import tasks, times
from tapit.terminal import harmless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tapit.call import Call

WIDTH = 12
TAIL = 10
LOOKED_FOR = ("FAILED", "TIMED_OUT", "LOST")
SEE_OUTPUT = "Look at the end of its output."
ENDINGS = {
    "exit": "its command ended",
    "user": "someone stopped it",
    "deadline": "its time was up",
    "start_failure": "it could not be started",
    "out_of_memory": "it used more memory than it had",
    "infrastructure": "the machine under it went away",
    "nobody_came": "nobody connected to it",
    "connection_lost": "the connection to its terminal was lost",
    "lost": "the platform no longer knows it",
}


class Block:
    """Lines under keys; whatever a task brought along is made harmless."""

    def __init__(self, call: "Call") -> None:
        self._call = call

    def line(self, key: str, value: str | None, *styles: str) -> None:
        if value:
            self.lines(key, value.split("\n"), *styles)

    def lines(self, key: str, values: list[str], *styles: str) -> None:
        """The first beside the key, the others below it."""
        out = self._call.out
        for at, value in enumerate(values):
            head = f"{key}:" if at == 0 else ""
            cleaned = harmless(value.replace("\t", "    "))
            out.write(out.styled(f"{head:<{WIDTH}}", "dim") + " " + out.styled(cleaned, *styles) + "\n")


def print_task(call: "Call", task: "dict[str, Any]") -> None:
    block = Block(call)
    block.line("Task", task["id"], "bold")
    block.line("Status", _status(task), *tasks.colours_of(task["status"]))
    block.line("App", task["app"])
    block.line("Command", task["command"])
    _print_ending(block, task)
    _print_makings(block, task)
    _print_times(block, task)
    block.line("Cost", _cost(task.get("cost") or {}))
    block.lines("History", [_event(event) for event in task.get("history") or []])
    block.lines("Sessions", [_session(session) for session in task.get("sessions") or []])
    _print_output(call, block, task)
    block.lines("Next", [call.typed(command) for command in _next_commands(task)])


def _status(task: "dict[str, Any]") -> str:
    waiting_for = task.get("waiting_for")
    return tasks.status_cell(task) + (f", waiting for {waiting_for}" if waiting_for else "")


def _print_ending(block: Block, task: "dict[str, Any]") -> None:
    code = task.get("exit_code")
    block.line("Exit code", None if code is None else str(code) + _signal(code))
    block.line("Ended by", _ended_by(task))
    diagnosis = task.get("diagnosis") or {}
    block.line("Why", diagnosis.get("what"))
    block.line("What to do", _advice(task))
    block.line("Reason", task.get("reason"))
    lost = task.get("lost_output_bytes")
    block.line("Lost output", f"{lost:,} bytes could not be kept" if lost else None)


def _advice(task: "dict[str, Any]") -> str | None:
    """Nobody is sent to look at what is printed a few lines below."""
    advice = str((task.get("diagnosis") or {}).get("next") or "")
    return advice.removesuffix(SEE_OUTPUT).rstrip() if task["status"] in LOOKED_FOR else advice


def _signal(code: int) -> str:
    import signal

    known = {int(one): one.name for one in signal.Signals}
    return f" (killed by {known[code - 128]})" if code - 128 in known else ""


def _ended_by(task: "dict[str, Any]") -> str | None:
    ended_by = task.get("ended_by")
    if ended_by is None:
        return None
    cause = task.get("stop_cause") or {}
    by, said = cause.get("by"), "in the session of" if cause.get("kind") == "session" else "asked by"
    return f"{ENDINGS.get(ended_by, ended_by)}{f' ({said} {by})' if by else ''}"


def _print_makings(block: Block, task: "dict[str, Any]") -> None:
    claimed, verified = task.get("initiated_by"), task.get("created_by")
    block.line("By", f"{claimed} (claimed), {verified} (verified)" if claimed else f"{verified} (verified)")
    storage = task.get("ephemeral_storage_gb")
    disk = f", {storage:g} GB disk" if storage else ""
    block.line("Size", f"{task['cpu']:g} vCPU, {task['memory']:g} GB memory{disk}")
    block.line("Image", task.get("image"))
    block.line("Tag", task.get("docker_tag"))
    block.line("Notes", "\n".join(task.get("notes") or []))


def _print_times(block: Block, task: "dict[str, Any]") -> None:
    for key, name in (("Created", "created_at"), ("Started", "started_at"), ("Stopped", "stopped_at")):
        block.line(key, times.both(task[name]) if task.get(name) else None)
    block.line("Ran", tasks.ran(task))
    block.line("Time limit", _time_limit(task))
    if tasks.is_final(task) and task.get("expires_at"):
        block.line("Forgotten", times.both(task["expires_at"]))


def _time_limit(task: "dict[str, Any]") -> str:
    hours, deadline = task.get("max_hours"), task.get("deadline")
    if hours is None:
        return "none"
    limit = f"{times.hours(hours)} after its start"
    if deadline is None:
        return limit
    if tasks.is_final(task):
        return f"{limit} ({deadline})"
    left = times.seconds_between(times.now(), deadline)
    return f"{limit}, {times.brief(left)} left ({deadline})" if left > 0 else f"{limit}, over ({deadline})"


def _cost(cost: "dict[str, Any]") -> str | None:
    estimate, most = cost.get("estimate"), cost.get("at_most")
    told = [f"about ${_dollars(estimate)}"] if estimate is not None else []
    told += [f"at most ${_dollars(most)}"] if most is not None else []
    return f"{', '.join(told)} ({cost.get('basis')})" if told else None


def _dollars(amount: float) -> str:
    return f"{amount:.2f}" if amount >= 1 else f"{amount:.6f}".rstrip("0").rstrip(".") or "0"


def _event(event: "dict[str, Any]") -> str:
    why = f"  {event['why']}" if event.get("why") else ""
    return f"{event['time']}  {event['status']}{why}"


def _session(session: "dict[str, Any]") -> str:
    ended = session.get("ended_at")
    lasted = times.brief(times.seconds_since(session["opened_at"], ended))
    code = session.get("exit_code")
    end = "so far" if ended is None else f"exit code {code}" if code is not None else "left"
    command = f"  {session['command']}" if session.get("command") else ""
    return f"{session['opened_at']}  {session['opened_by']}  {lasted} ({end}){command}"


def _print_output(call: "Call", block: Block, task: "dict[str, Any]") -> None:
    from tapit.waiting import last_lines

    if task["status"] in LOOKED_FOR:
        lines = last_lines(call, task["id"], TAIL)
        none = "(what a session shows is not kept)" if task.get("attached") else "(nothing was printed)"
        block.lines("Output", lines or [none])


def _next_commands(task: "dict[str, Any]") -> list[str]:
    task_id = task["id"]
    if tasks.is_final(task):
        return [f"tapit logs task={task_id}", f"tapit delete task task={task_id}    removes it from the list"]
    shell = [f"tapit shell task={task_id}    opens a shell in it"] if task.get("interactive") else []
    return [
        *shell,
        f"tapit logs -f task={task_id}",
        f"tapit wait task={task_id}",
        f"tapit set task task={task_id} max_hours=8    gives it 8 hours from its start",
        f"tapit delete task task={task_id}    stops it",
    ]
