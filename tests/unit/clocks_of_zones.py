"""Cron by Vixie's rules, minute by minute: slow, short, and nothing of what it is compared with."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


class Cron:
    """What each field takes; stars, numbers, names, ranges, lists and steps, and no more."""

    def __init__(self, expression: str) -> None:
        fields = expression.split()
        self.minutes, self.hours, self.days, self.months, weekdays = (
            _values(field, index) for index, field in enumerate(fields)
        )
        self.weekdays = {day % 7 for day in weekdays}
        self.wants_both_days = fields[2].startswith("*") or fields[4].startswith("*")
        self.is_fixed = not fields[0].startswith("*") and not fields[1].startswith("*")

    def takes(self, wall: datetime) -> bool:
        if wall.minute not in self.minutes or wall.hour not in self.hours or wall.month not in self.months:
            return False
        days = wall.day in self.days, wall.isoweekday() % 7 in self.weekdays
        return all(days) if self.wants_both_days else any(days)


class Window:
    """Each minute between two moments, with what a clock in a zone shows."""

    def __init__(self, zone: ZoneInfo, start: datetime, end: datetime) -> None:
        minutes = int((end - start) / MINUTE)
        moments = [start + number * MINUTE for number in range(minutes)]
        self.walls = [(moment.astimezone(zone).replace(tzinfo=None, fold=0), moment) for moment in moments]
        self.first_shown: dict[datetime, datetime] = {}
        for wall, moment in self.walls:
            self.first_shown.setdefault(wall, moment)

    def times(self, cron: Cron) -> list[datetime]:
        """Fixed times come once a day, at once when the clock leaves them out; others whenever the clock shows them."""
        if not cron.is_fixed:
            return [moment for wall, moment in self.walls if cron.takes(wall)]
        wall, last = self.walls[0][0], self.walls[-1][0]
        found = set()
        while wall <= last:
            if cron.takes(wall):
                shown = wall
                while shown not in self.first_shown and shown <= last:
                    shown += MINUTE
                found.add(self.first_shown[shown])
            wall += MINUTE
        return sorted(found)


def changes_of_clock(zone: ZoneInfo, year: int) -> list[datetime]:
    """The hours of a year in which it shows another distance to UTC than in the one before."""
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=number) for number in range(366 * 24)]
    offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
    return [hour for hour, one, two in zip(hours, offsets, offsets[1:], strict=False) if one != two]


def _values(field: str, index: int) -> set[int]:
    return {value for term in field.split(",") for value in _term(term, index)}


def _term(term: str, index: int) -> range:
    least, most = RANGES[index]
    base, _, step = term.partition("/")
    if base == "*":
        return range(least, most + 1, int(step or 1))
    first, dash, last = base.partition("-")
    end = _value(last, index) if dash else most if step else _value(first, index)
    return range(_value(first, index), end + 1, int(step or 1))


def _value(text: str, index: int) -> int:
    if text.isdigit():
        return int(text)
    return MONTHS.index(text) + 1 if index == 3 else WEEKDAYS.index(text)
