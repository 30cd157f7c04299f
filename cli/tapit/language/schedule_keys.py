"""What can be said of a schedule, for `create schedule` and `set schedule` alike, and the body it becomes."""

from __future__ import annotations

import re

from tapit import TYPE_CHECKING
from tapit.errors import UsageError
from tapit.language import task_keys, values
from tapit.language.command import Key
from tapit.language.suggested_command import as_typed

if TYPE_CHECKING:
    from typing import Any

OVERLAPS = ("skip", "queue", "allow", "replace")
MISSED = ("latest", "skip", "all")
CRON_FIELDS = 5
NICKNAMES = ("@hourly", "@daily", "@weekly", "@monthly", "@yearly")
WHEN = ("cron", "every", "at")


def _cron(key: str, given: str) -> str:
    """The home judges it, as it does at=; what a shell has torn apart is seen here alone."""
    wanted = values.text(key, given).strip()
    if re.fullmatch(r"[0-9*?/,-]+", wanted):
        raise UsageError(
            f"{key}={given} is one field of five",
            "Without quotes a shell takes them apart, and makes file names of each *.",
            f"put them into quotes: {key}='0 2 * * *'",
        )
    return wanted


def _every(key: str, given: str) -> object:
    """A distance; what is no distance and has five fields was meant for cron=."""
    if len(given.split()) == CRON_FIELDS or given.startswith("@"):
        raise UsageError(
            f"{key}={given} is not a length of time",
            values.WAYS,
            f"did you mean {as_typed(f'cron={given}')}?",
        )
    return values.whole_seconds("1m", "366d")(key, given)


def _failures(key: str, given: str) -> object:
    return None if given.strip().lower() == "none" else values.whole(1, 100)(key, given)


NAME = Key("name", values.name, "the schedule", placeholder="NAME", offers="schedules")
NEW_NAME = Key("name", values.new_name, "what to call it: nightly", placeholder="NAME", may_hold_spaces=True)
CHANGEABLE = (
    Key(
        "cron",
        _cron,
        "five fields in quotes: minute, hour, day of the month, month, day of the week",
        placeholder="'0 2 * * *'",
        may_hold_spaces=True,
        choices=NICKNAMES,
    ),
    Key(
        "every",
        _every,
        "a distance instead: 15m, 2h",
        placeholder="TIME",
        may_hold_spaces=True,
    ),
    Key("at", values.text, "once instead: 2026-12-24T20:00", placeholder="WHEN", may_hold_spaces=True),
    Key(
        "timezone",
        values.text,
        "whose clock cron= and at= go by: Australia/Sydney; else UTC",
        placeholder="ZONE",
        may_hold_spaces=True,
        offers="zones",
    ),
    Key(
        "overlap",
        values.one_of(OVERLAPS),
        "while the one before still runs: skip, queue, allow or replace it",
        placeholder="WHAT",
        choices=OVERLAPS,
    ),
    Key(
        "missed",
        values.one_of(MISSED),
        "which times are made up for after the home was down: latest, skip or all",
        placeholder="WHICH",
        choices=MISSED,
    ),
    Key(
        "missed_within",
        values.whole_seconds("1m", "7d"),
        "and how late they may be; else 1h",
        placeholder="TIME",
        may_hold_spaces=True,
    ),
    Key(
        "jitter",
        values.whole_seconds("0s", "1h"),
        "start up to so much later",
        placeholder="TIME",
        may_hold_spaces=True,
    ),
    Key(
        "pause_after_failures",
        _failures,
        "pause it after so many in a row; none for never",
        placeholder="N",
    ),
    task_keys.DESCRIPTION,
    Key(
        "enabled",
        values.yes_or_no,
        "false switches it off; true on again, also when it has paused itself",
        placeholder="true|false",
        choices=("true", "false"),
    ),
)
OF_TASKS = tuple(key for key in task_keys.KEYS if key.name != "if_locked")
NO_IF_LOCKED = (
    ("if_locked",),
    "overlap= says what becomes of a run while its lock is held: skip, queue, allow or replace.",
)
UNSETTABLE = (
    *(key.name for key in CHANGEABLE if key.name not in (*WHEN, "enabled")),
    *task_keys.UNSETTABLE,
)
DETAILS = (
    "One of cron=, every= and at= says when. every= is counted from now on.\n\n"
    "  cron='0 2 * * *'         at 02:00 every day\n"
    "  cron='*/15 * * * *'      each quarter of an hour\n"
    "  cron='30 9 * * MON-FRI'  at 09:30 on working days\n"
    "  cron='0 6 L * *'         at 06:00 on the last day of each month\n"
    "  cron=@hourly             or @daily, @weekly, @monthly"
)


def body(given: dict[str, Any]) -> dict[str, object]:
    """The request's body, holding what was given and nothing else."""
    times = [name for name in WHEN if name in given]
    if len(times) > 1:
        raise UsageError(
            f"{times[0]}= and {times[1]}= contradict each other", then=f"give one of {', '.join(WHEN)}"
        )
    said = {key.name: given[key.name] for key in CHANGEABLE if key.name in given}
    return {**said, **task_keys.body(given)}
