"""The five fields of a cron expression: what each may hold, and what can be wrong with one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

LEAP_YEAR = datetime(2024, 1, 1)  # noqa: DTZ001 any moment of a wall clock
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@dataclass(frozen=True)
class Field:
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
        most = self.most - 1 if self.names is WEEKDAYS else self.most  # 7 is Sunday once more
        return str(most), str(self.least)

    def has(self, value: str) -> bool:
        return value in self.names or (value.isdecimal() and self.least <= int(value) <= self.most)


FIELDS = (
    Field("minute", 0, 59, "0"),
    Field("hour", 0, 23, "2"),
    Field("day of the month", 1, 31, "1"),
    Field("month", 1, 12, "1", MONTHS),
    Field("day of the week", 0, 7, "MON", WEEKDAYS),
)
GOOD = ("0", "2", "*", "*", "*")
NAMES = "minute, hour, day of the month, month, day of the week"


@dataclass(frozen=True)
class Problem:
    why: str
    better: str | None = None  # what may be written instead
    is_meant: bool = True  # that, or else it is an example only
    advice: str | None = None  # what takes the place of an expression


def is_read(parts: Sequence[str]) -> bool:
    """Tell whether the library understands them."""
    from cronsim import CronSim, CronSimError

    try:
        CronSim(" ".join(parts), LEAP_YEAR)
    except CronSimError:
        return False
    return True
