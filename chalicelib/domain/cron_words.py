"""What cron expressions say, in words.

They are those of the library that evaluates them, but for four things: steps that begin anew before they have come
round, days of which either is enough, steps of days, and ordinals.
"""

import re

_STEP_OF_DAYS = re.compile(r"(every \w+ day of the month)(?! from)")
_ORDINAL = re.compile(r"\b([2-5])([123])th\b")
_ENDINGS = {"1": "st", "2": "nd", "3": "rd"}


def cron_in_words(expression: str) -> str:
    """Say when it comes; it has been read, and has five fields."""
    return _even_distance(expression) or _all_fields(expression)


def _even_distance(expression: str) -> str | None:
    """Said as people say it; the library calls it every 15th minute of every hour."""
    minute, hour, *days = expression.split()
    if days != ["*", "*", "*"]:
        return None
    for field, whole, unit in ((minute, 60, "minutes"), (hour, 24, "hours")):
        step = _step(field)
        others = hour == "*" if unit == "minutes" else minute == "0"
        if others and step is not None and step > 1 and whole % step == 0:
            return f"Every {step} {unit}"
    return None


def _all_fields(expression: str) -> str:
    from cronsim.explain import Expression

    minute, hour, day, month, weekday = expression.split()
    told = Expression(
        [_told(minute, 0, 59), _told(hour, 0, 23), day, _told(month, 1, 12), _told(weekday, 0, 6)]
    )
    told.day_and = day.startswith("*") or weekday.startswith("*")
    words = told.explain().replace(" day of month", " day of the month")
    words = words.replace(" if it's on ", ", but only on ").replace(" and on ", ", and also on ")
    words = _STEP_OF_DAYS.sub(r"\1 from the first on", words)
    return _ORDINAL.sub(lambda found: found[1] + found[2] + _ENDINGS[found[2]], words)


def _told(field: str, first: int, last: int) -> str:
    """Its values in place of a step after which the last distance would be another one."""
    step = _step(field)
    if step is None or (last - first + 1) % step == 0:
        return field
    return ",".join(map(str, range(first, last + 1, step)))


def _step(field: str) -> int | None:
    number = field.removeprefix("*/")
    return int(number) if number != field and number.isdecimal() else None
