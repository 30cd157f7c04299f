"""Cron expressions: when they come next by the clock on the wall, what they say in words, what is wrong with one.

The library cronsim reads, evaluates and describes them, so that what people read is what happens. It is given times
without a zone: what clocks do that are put forward and back is in time_zones.py.
"""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

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
_LEAP_YEAR = datetime(2024, 1, 1)  # noqa: DTZ001 any moment of a wall clock
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@dataclass(frozen=True)
class _Field:
    name: str
    least: int
    most: int
    good: str  # for an example
    names: tuple[str, ...] = ()

    @property
    def bounds(self) -> str:
        named = f", or {self.names[0]} to {self.names[-1]}" if self.names else ""
        first, *rest = self.name.split(" ")
        return f"{' '.join([first + 's', *rest])} go from {self.least} to {self.most}{named}"

    @property
    def ends(self) -> tuple[str, str]:
        """The last value of a round, and the first of the next one."""
        most = self.most - 1 if self.names is _WEEKDAYS else self.most  # 7 is Sunday once more
        return str(most), str(self.least)


_FIELDS = (
    _Field("minute", 0, 59, "0"),
    _Field("hour", 0, 23, "2"),
    _Field("day of the month", 1, 31, "1"),
    _Field("month", 1, 12, "1", _MONTHS),
    _Field("day of the week", 0, 7, "MON", _WEEKDAYS),
)
_GOOD = ("0", "2", "*", "*", "*")
_NAMES = "minute, hour, day of the month, month, day of the week"


@dataclass(frozen=True)
class _Problem:
    why: str
    better: str | None = None  # what the field may have been meant to be
    advice: str | None = None


def read_cron(text: str) -> str:
    """Return the five fields, one space between them; raise InvalidRequest that says which is wrong, and why."""
    typed = text.strip()
    if len(typed) > LONGEST:
        raise _refusal("cron", f"has {len(typed)} characters, and may have {LONGEST}")
    expression = NICKNAMES.get(typed.lower(), typed)
    parts = expression.upper().split()
    _refuse_other_dialects(typed, parts)
    for index, part in enumerate(parts):
        problem = _problem_of_field(index, part)
        if problem is not None:
            _refuse_field(typed, parts, index, problem)
    known = " ".join(parts)
    if not _is_read(parts) or next(wall_times(known, _LEAP_YEAR), None) is None:
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


def cron_in_words(expression: str) -> str:
    from cronsim import CronSim

    even = _even_distance(expression)
    words: str = even or CronSim(expression, _LEAP_YEAR).explain()
    return words


def _even_distance(expression: str) -> str | None:
    """Said as people say it; the library calls it every 15th minute of every hour."""
    minute, hour, *days = expression.split()
    if days != ["*", "*", "*"]:
        return None
    for step, whole, unit in ((minute, 60, "minutes"), (hour, 24, "hours")):
        number = step.removeprefix("*/")
        others = hour == "*" if unit == "minutes" else minute == "0"
        if others and number.isdecimal() and number != step and int(number) > 1 and whole % int(number) == 0:
            return f"Every {int(number)} {unit}"
    return None


def _until_it_gives_up(times: Iterator[datetime]) -> Iterator[datetime]:
    """Past the last year there is, or fifty years without one, nothing comes any more."""
    while True:
        try:
            yield next(times)
        except (StopIteration, OverflowError):
            return


def _is_read(parts: Sequence[str]) -> bool:
    from cronsim import CronSim, CronSimError

    try:
        CronSim(" ".join(parts), _LEAP_YEAR)
    except CronSimError:
        return False
    return True


def _refuse_other_dialects(typed: str, parts: list[str]) -> None:
    if not parts:
        raise _refusal("cron", "is empty", _example(_GOOD))
    if parts[0].startswith("@"):
        near = difflib.get_close_matches(typed.lower(), NICKNAMES, n=1)
        hint = f"Did you mean cron='{near[0]}'?" if near else _example(_GOOD)
        raise _refusal(f"cron='{typed}'", f"is no nickname; those are {', '.join(NICKNAMES)}", hint)
    if parts[0].startswith("RATE("):
        raise _refusal(
            f"cron='{typed}'", "is no cron expression", "A fixed distance is every=, such as every=15m."
        )
    if len(parts) != len(_FIELDS):
        fields = f"has {len(parts)} field{'s' if len(parts) > 1 else ''}; it takes five: {_NAMES}"
        raise _refusal(f"cron='{typed}'", fields, _example(_as_five(parts)))


def _as_five(parts: list[str]) -> list[str]:
    """What those of another number may have meant: seconds before, or a year behind."""
    bare = [part.removeprefix("CRON(").rstrip(")").replace("?", "*") for part in parts]
    filled = [*bare, *["*"] * len(_FIELDS)][: len(_FIELDS)]
    has_year = any("?" in part for part in parts) or parts[0].startswith("CRON(")
    wanted = bare[1:] if len(bare) == len(_FIELDS) + 1 and not has_year else filled
    return wanted if len(wanted) == len(_FIELDS) else list(_GOOD)


def _problem_of_field(index: int, text: str) -> _Problem | None:
    problems = [_problem_of_term(index, term) for term in text.split(",")]
    found = next((number for number, problem in enumerate(problems) if problem is not None), None)
    if found is None:
        return None
    problem = problems[found]
    assert problem is not None
    if problem.better is None:
        return problem
    terms = text.split(",")
    return _Problem(
        problem.why, ",".join([*terms[:found], problem.better, *terms[found + 1 :]]), problem.advice
    )


def _problem_of_term(index: int, term: str) -> _Problem | None:
    field = _FIELDS[index]
    base, slash, step = term.partition("/")
    if slash and step.isdecimal() and int(step) > field.most - field.least:
        return _too_long_a_step(field, term, int(step))
    first, dash, last = base.partition("-")
    if slash and dash and first == last:  # cronsim would take it for all from there on
        return _Problem(f"is {term}, a step within a single value", first)
    if _is_read(["*"] * index + [term] + ["*"] * (len(_FIELDS) - index - 1)):
        return None
    if not term:
        return _Problem("has an empty part: a comma too many")
    if term.startswith("?"):
        return _Problem(f"is {term}: any {field.name} is *", "*")
    if slash and (not step.isdecimal() or int(step) == 0):
        return _Problem(f"is {term}, and what follows the / is a whole number from 1 on")
    for value in (first, last) if dash else (base,):
        problem = _problem_of_value(field, term, value)
        if problem is not None:
            return problem
    if dash and last:
        return _backwards(field, term, first, last)
    return _Problem(f"is {term}, which is not understood")


def _too_long_a_step(field: _Field, term: str, step: int) -> _Problem:
    why = f"is {term}, and {field.bounds}: a step counts within them, and begins anew each time"
    units = {"minute": "m", "hour": "h"}
    if field.name not in units:
        return _Problem(why)
    return _Problem(why, advice=f"For a distance of {step} {field.name}s: every={step}{units[field.name]}.")


def _problem_of_value(field: _Field, term: str, value: str) -> _Problem | None:
    if value == "*" or value in field.names:
        return None
    if value.isdecimal():
        return None if field.least <= int(value) <= field.most else _out_of_range(field, term, value)
    near = difflib.get_close_matches(value[:3], field.names, n=1, cutoff=0.6)
    better = term.replace(value, near[0]) if near else None
    return _Problem(f"is {term}, and {field.bounds}", better)


def _out_of_range(field: _Field, term: str, value: str) -> _Problem:
    is_midnight = field.name == "hour" and value == "24"
    return _Problem(f"is {term}, and {field.bounds}", "0" if is_midnight and term == value else None)


def _backwards(field: _Field, term: str, first: str, last: str) -> _Problem:
    """Nothing but a range of good values is left: it ends before it begins."""
    why = f"is {term}, which ends before it begins"
    if "/" in term or first.isdecimal() != last.isdecimal():
        return _Problem(why)
    end, beginning = field.ends if first.isdecimal() else (field.names[-1], field.names[0])
    before = first if first == end else f"{first}-{end}"
    behind = last if last == beginning else f"{beginning}-{last}"
    return _Problem(why, f"{before},{behind}")


def _refuse_field(typed: str, parts: list[str], index: int, problem: _Problem) -> None:
    field = _FIELDS[index]
    mended = [problem.better or field.good if place == index else part for place, part in enumerate(parts)]
    mended = ["*" if _problem_of_field(place, part) else part for place, part in enumerate(mended)]
    why = f"the {field.name} {problem.why}"
    hint = problem.advice or _example(mended, is_meant=problem.better is not None)
    raise InvalidRequest(f"cron='{typed}' cannot be: {why}.", {"cron": why}, hint=hint)


def _example(parts: Sequence[str], *, is_meant: bool = False) -> str:
    is_right = _is_read(parts) and not any(_problem_of_field(index, part) for index, part in enumerate(parts))
    expression = " ".join(parts if is_right else _GOOD)
    words = cron_in_words(expression)
    said = words[:1].lower() + words[1:]
    return (
        f"Did you mean cron='{expression}', {said}?"
        if is_meant
        else f"For example cron='{expression}': {said}."
    )


def _refusal(what: str, why: str, hint: str | None = None) -> InvalidRequest:
    return InvalidRequest(f"{what} {why}.", {"cron": why}, hint=hint)
