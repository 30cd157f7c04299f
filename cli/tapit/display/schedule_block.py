"""Everything known about a schedule, and a row for each of its last runs."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.display import schedule_words
from tapit.display.option_lines import print_options
from tapit.terminal import table, times
from tapit.terminal.block import Block

if TYPE_CHECKING:
    from tapit.call import Call
    from tapit.home.answers import RunOfSchedule, Schedule, ScheduleDetails

HEADERS = ["TIME", "TASK", "STATUS", "WHY"]
SPARE = ("TIME", "TASK")  # the first to go where it is narrow first
OVERLAPS = {
    "skip": "a run is left out while the one before has not ended",
    "queue": "a run waits until the one before has ended",
    "allow": "a run starts also while the one before has not ended",
    "replace": "a run stops the one before, if that has not ended",
}
MISSED = {
    "latest": "of the times that were missed the latest is made up for",
    "skip": "no time that was missed is made up for",
    "all": "the times that were missed are made up for, 24 at most",
}


def print_schedule(call: Call, schedule: ScheduleDetails) -> None:
    block = Block(call.out)
    state = _state(schedule)
    block.line("Schedule", schedule["name"], "bold")
    block.line("State", state, *schedule_words.colours(state))
    block.line("App", schedule["app"])
    block.line("What for", schedule.get("description"))
    block.line("When", schedule["in_words"])
    block.line("Cron", schedule.get("cron"))
    block.lines("Next runs", _next_runs(schedule))
    _print_task(block, schedule)
    _print_rules(block, schedule)
    block.line("Created", times.both(schedule["created_at"]))
    block.line("By", f"{schedule['created_by']} (verified)")
    runs = schedule["runs"]
    block.line("Last runs", f"the newest {len(runs)}:" if runs else "none yet")
    if runs:
        _print_runs(call, runs)
    block.lines("Next", _next_commands(call, schedule))


def _state(schedule: Schedule) -> str:
    trouble = schedule_words.why_in_trouble(schedule)
    if trouble:
        return trouble
    following = schedule_words.next_run(schedule)
    return following if following in ("off", "over") else "on"


def _next_runs(schedule: ScheduleDetails) -> list[str]:
    """Its times, and of the first one when it starts."""
    times_of_its_own = [_moment(schedule, each) for each in schedule["next_runs"]]
    starts_at = schedule_words.starts_at(schedule)
    if not times_of_its_own or starts_at is None or starts_at == schedule.get("next_run_at"):
        return times_of_its_own
    first, *others = times_of_its_own
    return [f"{first}, with its jitter {_moment(schedule, starts_at)}", *others]


def _moment(schedule: Schedule, moment: str) -> str:
    """When by the clock that the schedule goes by, where this machine knows its zone."""
    from zoneinfo import ZoneInfo

    name = schedule["timezone"]
    try:
        wall = times.parsed(moment).astimezone(ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        return f"{schedule_words.ahead(moment)} ({moment})"
    clock = wall.strftime("%a %Y-%m-%d %H:%M" + (":%S" if wall.second else ""))
    return f"{schedule_words.ahead(moment)} ({clock} {name})"


def _print_task(block: Block, schedule: Schedule) -> None:
    line = schedule.get("command")
    if line is None:
        block.line("Runs", f"the saved command {schedule.get('command_name')}")
    else:
        block.whole_lines("Runs", line.split("\n"))
    print_options(block, schedule)


def _print_rules(block: Block, schedule: Schedule) -> None:
    overlap, missed = schedule["overlap"], schedule["missed"]
    block.line("Overlap", f"{overlap}: {OVERLAPS.get(overlap, '')}".rstrip(": "))
    within = "" if missed == "skip" else f", within {times.brief(schedule['missed_within'])}"
    block.line("Missed", f"{missed}: {MISSED.get(missed, '')}".rstrip(": ") + within)
    jitter = schedule["jitter"]
    block.line("Jitter", f"starts up to {times.brief(jitter)} later" if jitter else None)
    block.line("Pauses", _pauses(schedule))


def _pauses(schedule: Schedule) -> str | None:
    most, failures = schedule.get("pause_after_failures"), schedule.get("failures")
    if not most:
        return None
    several = "the first failure" if most == 1 else f"{most} failures in a row"
    return f"after {several}" + (f"; {failures} so far" if failures else "")


def _print_runs(call: Call, runs: list[RunOfSchedule]) -> None:
    """Why there is no task stands beside it, or where that is too narrow, below it: whole in any case."""
    rows = [_row(call, one) for one in runs]
    if table.fits(call.out, HEADERS, rows):
        return table.draw(call.out, HEADERS, rows, _style)
    head, *lines = table.lines(call.out, HEADERS[:-1], [row[:-1] for row in rows], _style, spare=SPARE)
    call.out.write(f"{head}\n")
    for line, run in zip(lines, runs, strict=True):
        told = schedule_words.below(call.out, run.get("why"), schedule_words.outcome(run))
        call.out.write("".join(f"{each}\n" for each in [line, *told]))
    return None


def _row(call: Call, run: RunOfSchedule) -> list[str]:
    return [
        times.ago(run["time"]) if call.out.is_terminal else run["time"],
        run.get("task_id") or "-",
        schedule_words.outcome(run),
        run.get("why") or "-",
    ]


def _style(at: int, cell: str) -> tuple[str, ...]:
    return schedule_words.colours(cell) if at < HEADERS.index("WHY") else ()


def _next_commands(call: Call, schedule: ScheduleDetails) -> list[str]:
    name = schedule["name"]
    tasks = call.typed_in_app(f"list tasks schedule={name}")
    if not call.may("operator"):
        return [tasks]
    return [
        schedule_words.command(call, "start", name, "   runs it once, now"),
        _switch(call, schedule),
        tasks,
    ]


def _switch(call: Call, schedule: ScheduleDetails) -> str:
    name, following = schedule["name"], schedule_words.next_run(schedule)
    if following == "over":
        return schedule_words.command(call, "delete", name, "   removes it")
    if schedule.get("paused") or following == "off":
        return schedule_words.command(call, "set", name, "enabled=true    switches it on")
    return schedule_words.command(call, "set", name, "enabled=false    switches it off")
