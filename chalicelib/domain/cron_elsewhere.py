"""What other programs take for cron expressions, and how the same is said here."""

import re
from collections.abc import Sequence

from chalicelib.domain.cron_field import FIELDS, NAMES, WEEKDAYS, Field, Problem
from chalicelib.domain.lengths import as_typed

QUOTES = "'\"`‘’“”"
_DISTANCE = re.compile(r"(?:(?:@every|rate)[\s(]*|every (?=\d|(?:minute|hour|day)$))(.*?)\)?", re.IGNORECASE)
_BARE_DISTANCE = re.compile(r"(?:every=)?((?:\d+[dhms])+)", re.IGNORECASE)
_LENGTH = re.compile(
    r"(?:(\d+)\s*d[a-z]*)?\s*(?:(\d+)\s*h[a-z]*)?\s*(?:(\d+)\s*m[a-z]*)?\s*(?:(\d+)\s*s[a-z]*)?"
)
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)")
_TWELVE_HOURS = re.compile(r"(\d{1,2})(AM|PM)")
_LAST_OF_WEEKDAYS = re.compile(r"(?:LAST|L)-?([A-Z]{3}|[0-7])|([A-Z]{3})(?:L|#L|#-1)|([0-7])#(?:L|-1)")
_NUMBERED = re.compile(r"([A-Z]{3}|[0-7]?)#(\d*)")
_GROUPS_OF_DAYS = {"WEEKDAY": "MON-FRI", "WORKDAY": "MON-FRI", "WEEKEND": "SAT,SUN"}


def expression_of_elsewhere(typed: str, parts: Sequence[str], nicknames: Sequence[str]) -> Problem | None:
    """Say what is wrong with the whole of it; `better` is an expression."""
    if typed[0] in QUOTES or typed[-1] in QUOTES:
        return Problem("has quotes within its quotes", typed.strip(QUOTES + " "))
    if distance := _DISTANCE.fullmatch(typed) or _BARE_DISTANCE.fullmatch(typed):
        return Problem("is a distance, and no expression", advice=_as_every(distance[1]))
    if f"@{typed.lower()}" in nicknames:
        return Problem("is a nickname without its @", f"@{typed.lower()}")
    clocks = [(place, found) for place, part in enumerate(parts[:2]) if (found := _CLOCK.fullmatch(part))]
    if clocks:
        place, found = clocks[0]
        days = [*parts[place + 1 :], "*", "*", "*"][:3]
        better = " ".join([str(int(found[2])), str(int(found[1])), *days])
        return Problem(
            f"has {found[0]} in one field: the minute is the first, and the hour the second", better
        )
    return None


def other_number_of_fields(parts: Sequence[str]) -> Problem:
    """What has fields for seconds or for years elsewhere; `better` is an expression."""
    bare = [part.removeprefix("CRON(").rstrip(")").replace("?", "*") for part in parts]
    more = len(parts) - len(FIELDS)
    has_year = more > 0 and (parts[0].startswith("CRON(") or more > 1 or any("?" in part for part in parts))
    has_seconds = more > 1 or (more == 1 and not has_year)
    kinds = [kind for is_there, kind in ((has_seconds, "seconds"), (has_year, "years")) if is_there]
    extra = f"there is none for {' or '.join(kinds)}"
    days = bare[len(FIELDS) - 1 :]
    if more > 0 and all(day in WEEKDAYS for day in days):
        extra, wanted = "days have commas between them", [*bare[: len(FIELDS) - 1], ",".join(days)]
    elif more > 0:
        wanted = bare[has_seconds : has_seconds + len(FIELDS)]
    else:
        wanted = [*bare, *["*"] * len(FIELDS)][: len(FIELDS)]
    why = f"has {len(parts)} field{'s' if len(parts) > 1 else ''}"
    told = f", and {extra}" if more > 0 else ""
    return Problem(f"{why}{told}; it takes five: {NAMES}", " ".join(wanted), is_meant=False)


def term_of_elsewhere(field: Field, term: str) -> Problem | None:
    """Say what is wrong with a part of a field that means something to another program, or is half a range."""
    if re.fullmatch(r"\?.*|\*\*+", term):
        return Problem(f"is {term}: any {field.name} is *", "*")
    if found := re.fullmatch(r"[HR~](?:\([^)]*\))?(/\d+)?", term):
        better = f"*{found[1]}" if found[1] else field.good
        return Problem(
            f"is {term}, and no moment is drawn here: jitter=10m spreads runs",
            better,
            is_meant=bool(found[1]),
        )
    match field.name:
        case "hour":
            return _hour(term) or _half_a_range(field, term)
        case "day of the month":
            return _day_of_the_month(term) or _half_a_range(field, term)
        case "day of the week":
            return _day_of_the_week(term) or _half_a_range(field, term)
    return _half_a_range(field, term)


def _as_every(length: str) -> str:
    found = _LENGTH.fullmatch(length.strip().lower())
    seconds = 0
    if found and any(found.groups()):
        seconds = sum(
            int(part or 0) * unit for part, unit in zip(found.groups(), (86400, 3600, 60, 1), strict=True)
        )
    if length.strip().lower() in ("minute", "hour", "day"):
        seconds = {"minute": 60, "hour": 3600, "day": 86400}[length.strip().lower()]
    if 0 < seconds < 60:
        return "A distance is every=, a minute at least: every=1m."
    return (
        f"Write every={as_typed(seconds)} in its place."
        if seconds
        else "A distance is every=, such as every=15m."
    )


def _hour(term: str) -> Problem | None:
    found = _TWELVE_HOURS.fullmatch(term)
    if found is None or not 1 <= int(found[1]) <= 12:
        return None
    hour = int(found[1]) % 12 + (12 if found[2] == "PM" else 0)
    return Problem(f"is {term}, and hours go from 0 to 23", str(hour))


def _day_of_the_month(term: str) -> Problem | None:
    if re.fullmatch(r"L-\d+", term):
        return Problem(
            f"is {term}, and no day is counted back from the last one, which is L", "L", is_meant=False
        )
    if found := re.fullmatch(r"(\d+)W|W(\d+)", term):
        why = f"is {term}, and no working day near another day is looked for; LW is the month's last working day"
        return Problem(why, found[1] or found[2], is_meant=False)
    if term == "WL":
        return Problem("is WL, and the last working day is LW", "LW")
    if found := re.fullmatch(r"(\d+)-L", term):
        return Problem(f"is {term}, and L stands alone", f"{found[1]}-31")
    return None


def _day_of_the_week(term: str) -> Problem | None:
    if term in ("L", "LAST"):
        return Problem(
            f"is {term}, which does not say of which day the last one: 5L is the last Friday",
            "5L",
            is_meant=False,
        )
    if found := _LAST_OF_WEEKDAYS.fullmatch(term):
        day = found[1] or found[2] or found[3]
        if day in WEEKDAYS or day.isdecimal():
            number = WEEKDAYS.index(day) if day in WEEKDAYS else int(day)
            return Problem(f"is {term}, and the last one of a month is a number and an L", f"{number}L")
    if found := _NUMBERED.fullmatch(term):
        day = found[1] or "MON"
        if not found[1]:
            return Problem(f"is {term}, without the day before its #", f"{day}{term}", is_meant=False)
        if day in WEEKDAYS or day.isdecimal():
            number = WEEKDAYS.index(day) if day in WEEKDAYS else int(day)
            why = f"is {term}, and a month has five of a day at most: {day}#1 to {day}#5, and {number}L is the last"
            better = f"{number}L" if found[2].isdecimal() and int(found[2]) > 5 else f"{day}#1"
            return Problem(why, better, is_meant=False)
    group = _GROUPS_OF_DAYS.get(term.removesuffix("S"))
    return Problem(f"is {term}, and days are named one by one or as a range", group) if group else None


def _half_a_range(field: Field, term: str) -> Problem | None:
    first, dash, last = term.partition("-")
    if not dash or (first and last):
        return None
    if first and field.has(first):
        end = "FRI" if first == "MON" else field.names[-1] if first in field.names else field.ends[0]
        return Problem(f"is {term}, a range without its end", f"{first}-{end}", is_meant=False)
    if last and field.has(last):
        beginning = field.names[0] if last in field.names else str(field.least)
        return Problem(f"is {term}, a range without its beginning", f"{beginning}-{last}", is_meant=False)
    return None
