"""What a schedule becomes when something is asked of it: the first time, or anew in part."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.new_task import NewTask, with_what_follows
from chalicelib.domain.schedule import Schedule
from chalicelib.domain.schedule_runs import resume
from chalicelib.domain.single_time import moment_in
from chalicelib.domain.timetable import checked, refuse_past, with_next_run

WHEN = ("cron", "every", "at")
_RULES = (
    "description",
    "timezone",
    "overlap",
    "missed",
    "missed_within",
    "jitter",
    "pause_after_failures",
    "enabled",
)
_TIMED_BY = (*WHEN, "timezone", "starts_at", "jitter", "enabled", "paused")
_WHAT = ("command", "command_name")


def asked_to_be(schedule: Schedule, given: Mapping[str, Any], now: datetime) -> Schedule:
    """Return it with what is given; None puts something back to its default. Raise InvalidRequest for what cannot be.

    Of when it is due, and of what is run then, there is one thing each: the new one takes the place of the other.
    Options beside a saved command are not judged: what they come to with it, only that command can tell.
    """
    _refuse_two_words_on_locks(given)
    rules = {name: _or_default(name, given[name]) for name in _RULES if name in given}
    changed = _with_task(schedule.but(**rules), given)
    changed = checked(_with_time(changed, given, now))
    if given.get("enabled") and not schedule.is_active:
        changed = resume(changed, now)
    if given.get("at") is not None:
        refuse_past(changed, now)
    if all(getattr(changed, name) == getattr(schedule, name) for name in _TIMED_BY):
        return changed  # what is due stays due
    return with_next_run(changed, now)


def _refuse_two_words_on_locks(given: Mapping[str, Any]) -> None:
    if "if_locked" in given:
        problem = (
            "is for single tasks; of a schedule overlap= says what becomes of a run while its lock is held"
        )
        hint = "overlap=skip leaves it out, overlap=queue has it wait, overlap=replace stops the holder."
        raise InvalidRequest(f"if_locked= {problem}.", {"if_locked": problem}, hint=hint)


def _or_default(name: str, value: Any) -> Any:
    return Schedule.model_fields[name].default if value is None else value


def _with_time(schedule: Schedule, given: Mapping[str, Any], now: datetime) -> Schedule:
    wanted = {name: given[name] for name in WHEN if given.get(name) is not None}
    if not wanted:
        return schedule.but(**{name: None for name in WHEN if name in given})
    if "at" in wanted:
        wanted["at"] = moment_in(wanted["at"], schedule.timezone, now)
    is_other_distance = wanted.get("every", schedule.every) != schedule.every
    return schedule.but(
        **dict.fromkeys(WHEN) | wanted, starts_at=now if is_other_distance else schedule.starts_at
    )


def _with_task(schedule: Schedule, given: Mapping[str, Any]) -> Schedule:
    what = {name: given[name] for name in _WHAT if given.get(name) is not None}
    if len(what) > 1:
        why = "a line and the name of a saved command contradict each other; give one of them"
        raise InvalidRequest(f"{why[0].upper()}{why[1:]}.", dict.fromkeys(_WHAT, why))
    options = {
        name: value for name, value in given.items() if name in NewTask.model_fields and name not in _WHAT
    }
    if "command" in what or ("command_name" not in what and schedule.task is not None):
        line = what.get("command") or (schedule.task.command if schedule.task else "")
        task = schedule.asked.overridden_by({"command": line, **options})
        return schedule.but(task=task, command_name=None, options={})
    name = what.get("command_name") or schedule.command_name
    if name is None:
        why = "a command is needed: its line, or the name of a saved one"
        raise InvalidRequest("Nothing says what is run.", {"command": why})
    kept = schedule.options if schedule.task is None else _options_of(schedule.task)
    return schedule.but(task=None, command_name=name, options=_merged(kept, with_what_follows(options)))


def _options_of(task: NewTask) -> dict[str, Any]:
    return {
        name: value for name, value in task.model_dump(exclude_defaults=True).items() if name not in _WHAT
    }


def _merged(options: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is by name is merged by name, where None takes the command's own away; any other None leaves it alone."""
    merged = {
        name: {**options.get(name, {}), **value} if isinstance(value, Mapping) else value
        for name, value in given.items()
    }
    return {name: value for name, value in {**options, **merged}.items() if value is not None}
