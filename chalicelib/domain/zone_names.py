"""Names that are no zone's, and what was meant by them."""

import difflib
import re
from zoneinfo import available_timezones

from chalicelib.domain.errors import InvalidRequest

NOT_THE_SAME_EVERYWHERE = ("localtime", "posixrules", "Factory")
CALLED_LIKE = "Zones are called like Europe/Berlin, Australia/Sydney or UTC."
SHOWN_MEMBERS = 5
_OFFSET = re.compile(r"(?:UTC|GMT|Z)?\s*([+-]?)0?(\d{1,2})(?::?(\d\d))?", re.IGNORECASE)
_FARTHEST = {"+": 14, "-": 12}  # hours ahead of UTC, and behind
# What clocks show, many of them in summer or in winter alone: no zone's name, and some are used in several.
_ABBREVIATIONS = {
    "ACDT": ("Australia/Adelaide",),
    "ACST": ("Australia/Adelaide", "Australia/Darwin"),
    "AEDT": ("Australia/Sydney",),
    "AEST": ("Australia/Sydney", "Australia/Brisbane"),
    "AKST": ("America/Anchorage",),
    "AWST": ("Australia/Perth",),
    "BRT": ("America/Sao_Paulo",),
    "BST": ("Europe/London",),
    "CAT": ("Africa/Maputo",),
    "CDT": ("America/Chicago",),
    "CEST": ("Europe/Berlin", "Europe/Paris"),
    "CST": ("America/Chicago", "Asia/Shanghai"),
    "EAT": ("Africa/Nairobi",),
    "EDT": ("America/New_York",),
    "EEST": ("Europe/Athens", "Europe/Kyiv"),
    "HKT": ("Asia/Hong_Kong",),
    "IST": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "JST": ("Asia/Tokyo",),
    "KST": ("Asia/Seoul",),
    "MDT": ("America/Denver",),
    "MSK": ("Europe/Moscow",),
    "NZDT": ("Pacific/Auckland",),
    "NZST": ("Pacific/Auckland",),
    "PDT": ("America/Los_Angeles",),
    "PKT": ("Asia/Karachi",),
    "PST": ("America/Los_Angeles",),
    "SAST": ("Africa/Johannesburg",),
    "SGT": ("Asia/Singapore",),
    "WAT": ("Africa/Lagos",),
    "WEST": ("Europe/Lisbon",),
    "WIB": ("Asia/Jakarta",),
}


def unknown_zone(name: str) -> InvalidRequest:
    """Return the refusal, with the names that are nearest, or what a name looks like."""
    why = "is no zone"
    return InvalidRequest(f"timezone={name} {why}.", {"timezone": why}, hint=_hint(name))


def _hint(name: str) -> str:
    # Etc/GMT+2 is two hours behind, and not what somebody means who writes GMT+2.
    zones = sorted(zone for zone in available_timezones() if not zone.startswith("Etc/"))
    if name in NOT_THE_SAME_EVERYWHERE:
        return f"It is another one on each machine. {CALLED_LIKE}"
    if near := _ABBREVIATIONS.get(name.strip().upper()):
        return f"That is what clocks show there, and a zone is called by a place. {_did_you_mean(near)}"
    if len(name) <= len("UTC+05:30 ") and (offset := _OFFSET.fullmatch(name.strip())):
        return _about_offset(offset)
    region = name.strip().rstrip("/")
    if members := _members(region, zones):
        return members
    if near := _nearest(name, zones):
        return _did_you_mean(near)
    return _members(region.rpartition("/")[0], zones) or CALLED_LIKE


def _did_you_mean(near: tuple[str, ...]) -> str:
    return f"Did you mean {' or '.join(near)}?"


def _about_offset(offset: re.Match[str]) -> str:
    sign, hours, minutes = offset[1] or "+", int(offset[2]), int(offset[3] or 0)
    if hours == minutes == 0:
        return "Did you mean UTC?"
    said = f"A distance to UTC is no zone, for many clocks are put forward and back. {CALLED_LIKE}"
    if minutes or hours > _FARTHEST[sign]:
        return said
    turned = "-" if sign == "+" else "+"  # that is how POSIX has it
    way = "ahead of" if sign == "+" else "behind"
    return f"{said} What is {hours} h {way} UTC all year is Etc/GMT{turned}{hours}."


def _nearest(name: str, zones: list[str]) -> tuple[str, ...]:
    """By its city, however that is spelt, and whatever stands before it."""
    wanted = re.sub(r"[\s_]+(standard|daylight|summer)?[\s_]*time$", "", name.strip().lower()).replace(
        " ", "_"
    )
    for zone in zones:
        if zone.lower() in (wanted, wanted.replace("_", "/", 1)) and zone not in NOT_THE_SAME_EVERYWHERE:
            return (zone,)
    cities: dict[str, list[str]] = {}
    for zone in zones:
        if "/" in zone:
            cities.setdefault(zone.lower().rpartition("/")[2], []).append(zone)
    region, _, city = wanted.rpartition("/")
    inside = [
        each for each, named in cities.items() if any(zone.lower().startswith(f"{region}/") for zone in named)
    ]
    for known, cutoff in ((inside if region else [], 0.7), (list(cities), 0.75)):
        near = difflib.get_close_matches(city, known, n=3, cutoff=cutoff)
        if near and near[0] == city:
            near = near[:1]
        if near:
            return tuple(zone for each in near for zone in cities[each])[:3]
    return ()


def _members(region: str, zones: list[str]) -> str | None:
    members = [zone for zone in zones if region and zone.lower().startswith(f"{region.lower()}/")]
    if not members:
        return None
    shown, more = members[:SHOWN_MEMBERS], len(members) - SHOWN_MEMBERS
    return f"Zones of {members[0][: len(region)]} are {', '.join(shown)}" + (
        f" and {more} more." if more > 0 else "."
    )
