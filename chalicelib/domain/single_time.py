"""A time that somebody writes, as of `at=`: what it is, what it may have been meant to be, and where clocks jump."""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.time_zones import moment_of, wall_clock, zone_named

LAST_YEAR = 3000
_CLOCK = re.compile(r"(?:(today|tomorrow)\s*)?(?:(?:at\s*)?(\d{1,2})(?::(\d\d))?\s*(am|pm)?)?")
_AHEAD = re.compile(r"(?:in\s+)?\+?(\d{1,4})\s*(m|min|minutes?|h|hours?|d|days?|w|weeks?)")
_WITH_DOTS = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T]+(\d{1,2}):(\d\d))?")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def moment_in(text: str, zone_name: str, now: datetime) -> datetime:
    """Read a time; without an offset of its own it is one of that zone. Raise InvalidRequest when it is none."""
    zone = zone_named(zone_name)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as problem:
        why = "is not a time"
        raise InvalidRequest(f"at={text} {why}.", {"at": why}, hint=_hint(text, zone, now)) from problem
    try:
        return moment_of(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as problem:
        why = f"is after the year {LAST_YEAR}" if moment.year > LAST_YEAR else "is in the past"
        raise InvalidRequest(f"at={moment.date()} {why}.", {"at": why}) from problem


def notes_on(text: str, zone_name: str) -> list[str]:
    """Say which moment was taken for a time that a clock of the zone never shows, or shows twice."""
    zone, wall = zone_named(zone_name), datetime.fromisoformat(text.strip())
    if wall.tzinfo is not None:
        return []
    moment = moment_of(wall, zone)
    shown, second = wall_clock(moment, zone), wall.replace(tzinfo=zone, fold=1)
    if shown != wall:
        why = f"No clock in {zone_name} shows {_written(wall)}, for it is put forward then"
        return [f"{why}: {_written(shown)} was taken, the first moment after."]
    if second.utcoffset() == moment.astimezone(zone).utcoffset():
        return []
    why = f"Clocks in {zone_name} show {_written(wall)} twice, for they are put back then"
    first = _written(moment.astimezone(zone))
    return [f"{why}: the first was taken, {first}. The second is at={_written(second)}."]


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds" if moment.second else "minutes")


def _hint(text: str, zone: ZoneInfo, now: datetime) -> str:
    here = wall_clock(now, zone)
    if text.strip().lower() == "now":
        return "What is to run at once is a task: tapit create task."
    meant = _meant(text.strip().lower(), here)
    if meant is not None:
        return (
            f"Did you mean at={_written(meant)}? It is {_written(here.replace(second=0))} in {zone.key} now."
        )
    tomorrow = datetime.combine(here.date() + timedelta(days=1), time(20))
    offset = tomorrow.replace(tzinfo=zone)
    return (
        f"Tomorrow evening is at={_written(tomorrow)} by the clock of {zone.key} (timezone=), "
        f"or with an offset at={_written(offset)}."
    )


def _meant(text: str, here: datetime) -> datetime | None:
    """The next time that a clock shows it, so long from now on, or a day as it is written with dots."""
    if found := _AHEAD.fullmatch(text):
        return (here + int(found[1]) * _UNITS[found[2][0]]).replace(second=0, microsecond=0)
    if found := _WITH_DOTS.fullmatch(text):
        return _date(int(found[3]), int(found[2]), int(found[1]), int(found[4] or 0), int(found[5] or 0))
    found = _CLOCK.fullmatch(text)
    is_one = found is not None and (found[3] or found[4] or found[1] == "tomorrow" or (found[1] and found[2]))
    if found is None or not is_one:
        return None
    hour = int(found[2] or 0) % (12 if found[4] else 24) + (12 if found[4] == "pm" else 0)
    wall = _date(here.year, here.month, here.day, hour, int(found[3] or 0))
    if wall is None or found[1] == "today":
        return wall
    return wall + timedelta(days=1) if found[1] == "tomorrow" or wall <= here else wall


def _date(*parts: int) -> datetime | None:
    try:
        return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 a wall clock's
    except ValueError:
        return None
