"""Everything known about a task, as a block of `Key: value` lines."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display import task_words
from tapit.display.last_lines import in_bytes, last_lines
from tapit.display.last_try import last_try
from tapit.display.what_to_do import FAILURES, what_to_do
from tapit.statuses import colours_of, is_final
from tapit.terminal import times
from tapit.terminal.block import Block

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import Change, Cost, SessionOfTask, Task, Try

TAIL = 10
NOTHING_MORE = "Essential container in task exited"  # that a task ended, in the words of ECS
TOLD_WHOLE = ("deadline", "out_of_memory")  # whatever the reason's own words
ENDINGS = {
    "exit": "its command ended",
    "user": "someone stopped it",
    "replaced": "another task was to have its lock",
    "deadline": "its time was up",
    "start_failure": "it could not be started",
    "out_of_memory": "a lack of memory",
    "infrastructure": "the machine under it went away",
    "spot": "its Spot capacity was taken back",
    "nobody_came": "nobody connected to it",
    "connection_lost": "the connection to its terminal was lost",
    "lost": "the platform no longer knows it",
}
RUNS_AS = {"process": "a plain process", "docker": "a container"}  # on AWS all are containers


def print_task(call: Call, task: Task) -> None:
    block = Block(call.out)
    block.line("Task", task["id"], "bold")
    block.line("Status", _status(task), *colours_of(task["status"]))
    block.line("App", task["app"])
    block.whole_lines("Command", task["command"].split("\n"))
    block.line("Saved as", _saved_as(task))
    block.line("Rerun of", task.get("rerun_of"))
    _print_ending(block, task)
    _print_makings(block, task)
    _print_times(block, task)
    block.line("Cost", _cost(task["cost"]) if "cost" in task else None)
    block.lines("History", [_event(event) for event in task.get("history") or []])
    block.lines("Sessions", [_session(session) for session in task.get("sessions") or []])
    _print_output(call, block, task)
    commands = [call.typed(command) for command in _next_commands(call, task)]
    if schedule := task_words.schedule_of(task.get("created_by")):
        commands.append(call.typed(f"tapit -a {task['app']} show schedule name={schedule}    its schedule"))
    block.lines("Next", commands)


def _saved_as(task: Task) -> str | None:
    """What it was taken from is another by now, maybe, or gone."""
    name = task.get("command_name")
    return f"{name}, revision {task.get('command_revision')}" if name else None


def _status(task: Task) -> str:
    return ", ".join(filter(None, [task_words.status_cell(task), task_words.waiting(task)]))


def _print_ending(block: Block, task: Task) -> None:
    code = task.get("exit_code")
    block.line("Exit code", None if code is None else str(code) + _signal(code))
    block.line("Ended by", _ended_by(task))
    diagnosis = task.get("diagnosis")
    block.line("Why", diagnosis["what"] if diagnosis else None)
    block.line("What to do", what_to_do(task))
    block.line("Reason", _reason(task))
    lost = task.get("lost_output_bytes")
    block.line("Lost output", f"{in_bytes(lost)} could not be kept" if lost else None)


def _reason(task: Task) -> str | None:
    """The words of what it ran on, where they say more; of a stop that was asked for they are our own."""
    reason, diagnosis = task.get("reason") or "", task.get("diagnosis")
    is_told = task.get("stop_cause") or task.get("ended_by") in TOLD_WHOLE
    is_told = is_told or (diagnosis is not None and reason in diagnosis["what"])
    return None if is_told or reason == NOTHING_MORE else reason


def _signal(code: int) -> str:
    import signal

    known = {int(one): one.name for one in signal.Signals}
    return f" (killed by {known[code - 128]})" if code - 128 in known else ""


def _ended_by(task: Task) -> str | None:
    ended_by = task.get("ended_by")
    if ended_by is None:
        return None
    how, cause = ENDINGS.get(ended_by, ended_by), task.get("stop_cause")
    if not cause or not cause["by"]:
        return how
    return f"{how} ({'in the session of' if cause['kind'] == 'session' else 'asked by'} {cause['by']})"


def _print_makings(block: Block, task: Task) -> None:
    claimed, verified = task.get("initiated_by"), task.get("created_by")
    block.line("By", f"{claimed} (claimed), {verified} (verified)" if claimed else f"{verified} (verified)")
    storage = task.get("ephemeral_storage_gb")
    disk = f", {storage:g} GB disk" if storage else ""
    block.line("Size", f"{task['cpu']:g} vCPU, {task['memory']:g} GB memory{disk}")
    block.line("Runs as", RUNS_AS.get(task.get("driver") or ""))
    block.line("Image", task.get("image_used") or task.get("image"))
    block.line("Docker tag", task.get("docker_tag"))
    block.line("Pull", task.get("pull"))
    block.line("User", task.get("user"))
    block.line("Tags", task_words.tags(task.get("tags")))
    block.line("Variables", ", ".join(task.get("environment") or []))
    block.line("Workdir", task.get("workdir"))
    block.line("Lock", task_words.lock(task))
    block.line("Retries", task_words.retries(task))
    tries = task.get("tries") or []
    block.lines("Tries", [_try(each, task) for each in tries] if len(tries) > 1 else [])
    block.lines("Notes", task.get("notes") or [])


def _try(each: Try, task: Task) -> str:
    code = "" if each["exit_code"] is None else f" ({each['exit_code']})"
    this = "    this one" if each["id"] == task["id"] else ""
    return f"{each['id']}  attempt {each['number']}  {each['status']}{code}{this}"


def _print_times(block: Block, task: Task) -> None:
    has_run = (
        task.get("ended_by") != "start_failure"
    )  # a container may have, of which nothing was the command's
    moments = (
        ("Created", task["created_at"]),
        ("Gives up", task.get("waits_until")),
        ("Started", task.get("started_at") if has_run else None),
        ("Stopped", task.get("stopped_at")),
    )
    for key, moment in moments:
        block.line(key, times.both(moment) if moment else None)
    block.line("Ran", task_words.ran(task) if has_run else None)
    block.line("Time limit", _time_limit(task))
    expires = task.get("expires_at")
    if is_final(task) and expires:
        block.line("Expires", times.both(expires))


def _time_limit(task: Task) -> str:
    hours, deadline = task.get("max_hours"), task.get("deadline")
    if hours is None:
        return "none"
    limit = f"{times.hours(hours)} after its start"
    if deadline is None:
        return limit
    if is_final(task):
        return f"{limit} ({deadline})"
    left = times.seconds_between(times.now(), deadline)
    return f"{limit}, {times.brief(left)} left ({deadline})" if left > 0 else f"{limit}, over ({deadline})"


def _cost(cost: Cost) -> str | None:
    estimate, most = cost.get("estimate"), cost.get("at_most")
    told = [f"about ${_dollars(estimate)}"] if estimate is not None else []
    told += [f"at most ${_dollars(most)}"] if most is not None else []
    return f"{', '.join(told)} ({cost.get('basis')})" if told else None


def _dollars(amount: float) -> str:
    return f"{amount:.2f}" if amount >= 1 else f"{amount:.6f}".rstrip("0").rstrip(".") or "0"


def _event(event: Change) -> str:
    why = f"  {event['why']}" if event.get("why") else ""
    return f"{event['time']}  {event['status']}{why}"


def _session(session: SessionOfTask) -> str:
    ended = session.get("ended_at")
    lasted = times.brief(times.seconds_since(session["opened_at"], ended))
    code = session.get("exit_code")
    end = "so far" if ended is None else f"exit code {code}" if code is not None else "left"
    others = (("resumed", session.get("resumed_by")), ("ended", session.get("ended_by")))
    end += "".join(f", {done} by {by}" for done, by in others if by and by != session["opened_by"])
    command = f"  {session['command']}" if session.get("command") else ""
    return f"{session['opened_at']}  {session['opened_by']}  {lasted} ({end}){command}"


def _print_output(call: Call, block: Block, task: Task) -> None:
    if task["status"] in FAILURES:
        lines = last_lines(call, task["id"], TAIL)
        none = "(what a session shows is not kept)" if task.get("attached") else "(nothing was printed)"
        block.whole_lines("Output", lines or [none])


def _next_commands(call: Call, task: Task) -> list[str]:
    task_id, may_act = task["id"], call.may("operator")
    if is_final(task):
        last = last_try(task)
        acts = [
            f"tapit rerun task={task_id}    runs it again",
            f"tapit delete task task={task_id}    removes it from the list",
        ]
        return [
            f"tapit logs task={task_id}",
            *([f"tapit show task task={last['id']}    its last try"] if last else []),
            *(acts if may_act else []),
        ]
    watch = [f"tapit logs -f task={task_id}", f"tapit wait task={task_id}"]
    if not may_act:
        return watch
    shell = [f"tapit shell task={task_id}    opens a shell in it"] if task.get("interactive") else []
    return [
        *shell,
        *watch,
        f"tapit set task task={task_id} max_hours=8    gives it 8 hours from its start",
        f"tapit stop task={task_id}    stops it",
    ]
