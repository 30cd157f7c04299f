"""Cron expressions: when they come next by the clock on the wall, and what is wrong with one.

The library cronsim reads, evaluates and describes them (cron_words.py), so that what people read is what happens. It is
given times without a zone: what clocks do that are put forward and back is in time_zones.py.
"""

import difflib
from collections.abc import Iterator, Sequence
from datetime import datetime

from chalicelib.domain.cron_elsewhere import QUOTES, expression_of_elsewhere, other_number_of_fields
from chalicelib.domain.cron_field import FIELDS, GOOD, LEAP_YEAR, Problem, is_read
from chalicelib.domain.cron_problems import problem_of_field
from chalicelib.domain.cron_words import cron_in_words
from chalicelib.domain.errors import InvalidRequest

LONGEST = 200
NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def read_cron(text: str) -> str:
    """Return the five fields, one space between them; raise InvalidRequest that says which is wrong, and why."""
    typed = text.strip()
    if len(typed) > LONGEST:
        raise _refusal("cron", f"has {len(typed)} characters, and may have {LONGEST}")
    expression = NICKNAMES.get(typed.lower(), typed)
    parts = expression.upper().split()
    _refuse_other_dialects(typed, parts)
    for index, part in enumerate(parts):
        problem = problem_of_field(index, part)
        if problem is not None:
            _refuse_field(typed, parts, index, problem)
    known = " ".join(parts)
    if not is_read(parts) or next(wall_times(known, LEAP_YEAR), None) is None:
        why = "never comes: none of its months has such a day"
        raise _refusal(f"cron='{typed}'", why, _example([*parts[:2], "L", *parts[3:]]))
    return known


def wall_times(expression: str, after: datetime) -> Iterator[datetime]:
    """Yield when it comes, on a clock that nobody ever changes; both without a zone."""
    from cronsim import CronSim

    return _until_it_gives_up(CronSim(expression, after))


def keeps_to_the_clock(expression: str) -> bool:
    """It names hours and minutes, and wants each of them once a day; others follow the hours as they pass.

    It is the rule of Vixie's cron: whatever begins with a star in one of those two fields is of the second kind.
    """
    minute, hour = expression.split()[:2]
    return not minute.startswith("*") and not hour.startswith("*")


def _until_it_gives_up(times: Iterator[datetime]) -> Iterator[datetime]:
    """Past the last year there is, or fifty years without one, nothing comes any more."""
    while True:
        try:
            yield next(times)
        except (StopIteration, OverflowError):
            return


def _refuse_other_dialects(typed: str, parts: list[str]) -> None:
    if not parts:
        raise _refusal("cron", "is empty", _example(GOOD))
    problem = expression_of_elsewhere(typed, parts, tuple(NICKNAMES))
    if problem is None and parts[0].startswith("@"):
        near = difflib.get_close_matches(typed.lower(), NICKNAMES, n=1)
        hint = f"Did you mean cron='{near[0]}'?" if near else _example(GOOD)
        raise _refusal(f"cron='{typed}'", f"is no nickname; those are {', '.join(NICKNAMES)}", hint)
    if problem is None and len(parts) != len(FIELDS):
        problem = other_number_of_fields(parts)
    if problem is not None:
        better = (problem.better or "").upper().split()
        shown = f"cron='{typed}'" if typed.strip(QUOTES) == typed else "cron="
        raise _refusal(shown, problem.why, problem.advice or _example(better, is_meant=problem.is_meant))


def _refuse_field(typed: str, parts: list[str], index: int, problem: Problem) -> None:
    field = FIELDS[index]
    mended = [problem.better or field.good if place == index else part for place, part in enumerate(parts)]
    mended = ["*" if problem_of_field(place, part) else part for place, part in enumerate(mended)]
    why = f"the {field.name} {problem.why}"
    hint = problem.advice or _example(mended, is_meant=problem.better is not None and problem.is_meant)
    raise InvalidRequest(f"cron='{typed}' cannot be: {why}.", {"cron": why}, hint=hint)


def _example(parts: Sequence[str], *, is_meant: bool = False) -> str:
    """Show them, or where they cannot be either, what is no guess."""
    nickname = parts[0].lower() if len(parts) == 1 else ""
    known = NICKNAMES.get(nickname, " ".join(parts)).split()
    is_right = (
        len(known) == len(FIELDS)
        and is_read(known)
        and not any(map(problem_of_field, range(len(known)), known))
    )
    words = cron_in_words(" ".join(known if is_right else GOOD))
    expression = (nickname or " ".join(known)) if is_right else " ".join(GOOD)
    said = words[:1].lower() + words[1:]
    if is_meant and is_right:
        return f"Did you mean cron='{expression}', {said}?"
    return f"For example cron='{expression}': {said}."


def _refusal(what: str, why: str, hint: str | None = None) -> InvalidRequest:
    return InvalidRequest(f"{what} {why}.", {"cron": why}, hint=hint)
