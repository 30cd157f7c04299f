"""Zones: which there are, and what becomes of the times of a wall clock that is put forward and back.

A zone's rules come from the system, or from the package tzdata where the system has none. Summer time begins and ends
with one jump of a clock, and so does whatever else a government decides of its zone.
"""

import difflib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from chalicelib.domain.errors import InvalidRequest

LONGEST_ZONE = 64
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_NOT_THE_SAME_EVERYWHERE = ("localtime", "posixrules", "Factory")


def zone_named(name: str) -> ZoneInfo:
    """Raise InvalidRequest, with the names that are nearest, where there is no such zone."""
    if name in _NOT_THE_SAME_EVERYWHERE or name.startswith(("posix/", "right/")):
        raise _unknown(name)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:  # a folder's name, one with a NUL, ...
        raise _unknown(name) from problem


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


def moment_in(text: str, zone_name: str) -> datetime:
    """Read a time; without an offset of its own it is one of that zone. Raise InvalidRequest when it is none."""
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            return moment_of(moment, zone_named(zone_name))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        why = "is not a time"
        hint = "Write it as 2026-12-24T20:00, in the zone of timezone=, or with an offset: 2026-12-24T20:00+01:00."
        raise InvalidRequest(f"at={text} {why}.", {"at": why}, hint=hint) from problem


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


def _unknown(name: str) -> InvalidRequest:
    why = "is no zone"
    near = _nearest(name)
    known = (
        f"Did you mean {' or '.join(near)}?" if near else "Zones are called like Australia/Sydney, or UTC."
    )
    return InvalidRequest(f"timezone={name} {why}.", {"timezone": why}, hint=known)


def _nearest(name: str) -> list[str]:
    """By its city, however that is spelt, and whatever stands before it."""
    # Etc/GMT+2 is two hours behind, and not what somebody means who writes GMT+2.
    zones = sorted(zone for zone in available_timezones() if not zone.startswith("Etc/"))
    cities = {zone.lower().rpartition("/")[2]: zone for zone in reversed(zones) if "/" in zone}
    known = {**cities, **{zone.lower(): zone for zone in zones if zone not in _NOT_THE_SAME_EVERYWHERE}}
    wanted = name.strip().lower().replace(" ", "_")
    for typed in (wanted, wanted.rpartition("/")[2]):
        if typed in known:
            return [known[typed]]
    near = difflib.get_close_matches(wanted.rpartition("/")[2], cities, n=3, cutoff=0.8)
    return [cities[each] for each in near]
