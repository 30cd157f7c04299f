"""Zones: which there are, and what becomes of the times of a wall clock that is put forward and back.

A zone's rules come from the system, or from the package tzdata where the system has none. Summer time begins and ends
with one jump of a clock, and so does whatever else a government decides of its zone.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chalicelib.domain.zone_names import NOT_THE_SAME_EVERYWHERE, unknown_zone

LONGEST_ZONE = 64
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


def zone_named(name: str) -> ZoneInfo:
    """Raise InvalidRequest, with the names that are nearest, where there is no such zone."""
    if name in NOT_THE_SAME_EVERYWHERE or name.startswith(("posix/", "right/")):
        raise unknown_zone(name)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:  # a folder's name, one with a NUL, ...
        raise unknown_zone(name) from problem


def moment_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return when a clock in the zone shows that time, in UTC: the first of two, or what follows when it never does."""
    while True:
        moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if wall_clock(moment, zone) == wall:
            return moment
        wall = wall.replace(second=0, microsecond=0) + _MINUTE


def wall_clock(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return what a clock in the zone shows then."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def steady_stretches(after: datetime, zone: ZoneInfo) -> Iterator[tuple[timedelta, datetime]]:
    """Yield stretches of time in which nobody touches the clock: its distance to UTC, and until when.

    The first begins at `after`, each of the others where the one before ended. Long ones come in parts, of which the
    first is short: few look further.
    """
    start, days = after.astimezone(UTC), 1
    while True:
        end = start
        for _ in range(days):
            if _offset(end + _DAY, zone) != _offset(start, zone):
                end = _first_with_another(end, end + _DAY, zone)
                break
            end += _DAY
        yield _offset(start, zone), end
        start, days = end, 366


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _first_with_another(start: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    """Return the second at which the distance to UTC stops being what it is at `start`; at `end` it is another."""
    offset = _offset(start, zone)
    same, other = 0, int((end - start).total_seconds())
    while other - same > 1:
        middle = (same + other) // 2
        if _offset(start + timedelta(seconds=middle), zone) == offset:
            same = middle
        else:
            other = middle
    return start + timedelta(seconds=other)
