"""Read what follows a key: sizes, times, names. Each refuses in its own words, before any request."""

import math
import re
from collections.abc import Callable

from tapit.errors import UsageError, nearest

Reader = Callable[[str, str], object]

COMMAND_LIMIT = 7000  # what ECS leaves of its 8192 bytes of overrides
# left to be compiled at first use: few commands need any of them, and each would cost all of them
MEMORY = r"([+-]?(?:\d+\.?\d*|\.\d+))\s*(?i:(g|gb|gib|m|mb|mib))?"
AMOUNT = r"(\d+(?:\.\d+)?|\.\d+)"
DURATION = f"(?:{AMOUNT}d)?(?:{AMOUNT}h)?(?:{AMOUNT}m)?(?:{AMOUNT}s?)?"
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
PROFILE = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
STATUSES = [
    "PENDING",
    "STARTING",
    "RUNNING",
    "STOPPING",
    "SUCCEEDED",
    "FAILED",
    "STOPPED",
    "TIMED_OUT",
    "LOST",
]


def text(key: str, given: str) -> str:
    if not given.strip():
        raise UsageError(f"{key}= is empty", then=f"give {key}= a value, or leave it out")
    return plain(key, given)


def plain(key: str, given: str) -> str:
    """Whatever can travel as JSON and in a process's arguments."""
    if "\0" in given:
        raise UsageError(f"{key} holds a NUL byte", "No program can be given one.")
    try:
        given.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{key} is not valid UTF-8") from None
    return given


def command_line(_key: str, given: str) -> str:
    if not given.strip():
        raise UsageError("the command is empty", then="tapit create task 'echo hello'")
    if len(given) > COMMAND_LIMIT:
        raise UsageError(
            f"the command has {len(given):,} characters; the most is {COMMAND_LIMIT:,}",
            "Put the work into a script that is part of the image, and run the script.",
        )
    return plain("the command", given)


def memory(key: str, given: str) -> float:
    """GB, whatever the unit it was written in."""
    found = re.fullmatch(MEMORY, given.strip())
    if found is None:
        return positive(key, given, "GB, such as 4, 4.5, 4G or 4096M")
    size = positive(key, found[1], "GB, such as 4, 4.5, 4G or 4096M")
    return size / 1024 if (found[2] or "").lower().startswith("m") else size


def vcpu(key: str, given: str) -> float:
    return positive(key, given, "vCPU, such as 0.25, 1 or 2")


def hours(key: str, given: str) -> float | str:
    if given.strip().lower() == "none":
        return "none"
    return positive(key, given, "hours, such as 6 or 0.5 (or none, for no limit)")


def positive(key: str, given: str, unit: str) -> float:
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or "_" in given:
        raise UsageError(f"{key}={given} is not a number", f"{key} is in {unit}.")
    if number <= 0:
        raise UsageError(f"{key}={given} must be more than 0", f"{key} is in {unit}.")
    return number


def whole(least: int, most: int) -> Reader:
    def read(key: str, given: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,9}", given.strip()):
            raise UsageError(f"{key}={given} is not a whole number")
        number = int(given)
        if not least <= number <= most:
            raise UsageError(f"{key}={given} is out of range", f"{key} goes from {least} to {most}.")
        return number

    return read


def status(key: str, given: str) -> str:
    wanted = given.strip().upper().replace("-", "_")
    if wanted not in STATUSES:
        near = nearest(wanted, STATUSES)
        raise UsageError(
            f"{key}={given} is not a status",
            f"One of {', '.join(STATUSES)}.",
            f"did you mean {key}={near}?" if near else None,
        )
    return wanted


def duration(key: str, given: str) -> float:
    """Seconds, from 90, 45s, 10m, 2h, 3d or 1h30m."""
    ways = "Write 45s, 10m, 2h, 1h30m or 3d."
    found = re.fullmatch(DURATION, given.strip())
    amounts = [float(part or 0) for part in found.groups()] if found else []
    seconds = sum(amount * unit for amount, unit in zip(amounts, (86400, 3600, 60, 1), strict=False))
    if not found or not any(found.groups()) or not math.isfinite(seconds):
        raise UsageError(f"{key}={given} is not a length of time", ways)
    if seconds == 0:
        raise UsageError(f"{key}={given} must be more than 0", ways)
    return seconds


def duration_or_none_at_all(key: str, given: str) -> float:
    return 0.0 if given.strip() in ("0", "0s") else duration(key, given)


def several(key: str, given: str) -> list[str]:
    """What stands between commas."""
    found = [part.strip() for part in text(key, given).split(",")]
    if not all(found):
        raise UsageError(f"{key}={given} has an empty part", f"Write {key}=one,two.")
    return found


def yes_or_no(key: str, given: str) -> bool:
    wanted = given.strip().lower()
    if wanted not in ("yes", "no", "true", "false"):
        raise UsageError(f"{key}={given} is neither yes nor no")
    return wanted in ("yes", "true")


def since(key: str, given: str) -> str:
    """RFC 3339, also from a length of time that means "ago"."""
    from datetime import UTC

    moment = _moment(key, given)
    try:
        utc = moment.astimezone(UTC)  # the local zone may push it out of the calendar
    except (ValueError, OverflowError):
        raise UsageError(f"{key}={given} is outside the calendar") from None
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")  # type: ignore[no-any-return]


def _moment(key: str, given: str):  # type: ignore[no-untyped-def]  # datetime is imported only when needed
    from datetime import UTC, datetime, timedelta

    if re.fullmatch(DURATION, given.strip()):
        try:
            return datetime.now(UTC) - timedelta(seconds=duration(key, given))
        except OverflowError:
            raise UsageError(f"{key}={given} is too long ago") from None
    try:
        return datetime.fromisoformat(given.strip())
    except ValueError:
        raise UsageError(
            f"{key}={given} is not a time", "Write 2h or 3d (ago), or 2026-11-24T08:00:00Z."
        ) from None


def name(key: str, given: str) -> str:
    """An id or a name that becomes part of a request's path: the home judges the rest."""
    wanted = text(key, given).strip()
    if len(wanted) > 200 or not wanted.isprintable():
        raise UsageError(f"{key}= is not a name")
    return wanted


def profile(_key: str, given: str) -> str:
    if not re.fullmatch(PROFILE, given):
        raise UsageError(
            f"{given!r} is not a profile's name", "Letters, digits, dots, dashes and underscores, at most 64."
        )
    return given


def output(_key: str, given: str) -> str:
    if given not in ("table", "json", "id"):
        near = nearest(given, ["table", "json", "id"])
        raise UsageError(
            f"there is no output format {given}",
            "The formats are table, json and id.",
            f"did you mean -o {near}?" if near else None,
        )
    return given


def variable(key: str, given: str) -> tuple[str, str]:
    """KEY=VALUE; an empty value is a value."""
    variable_name, equals, value = given.partition("=")
    if not equals:
        raise UsageError(f"{key}={given} has no value", f"Write {key}=KEY=VALUE.")
    return variable_named(key, variable_name), plain(key, value)


def variable_named(_key: str, given: str) -> str:
    if not names_variable(given):
        raise UsageError(
            f"{given!r} cannot name a variable", "Letters, digits and _, and no digit to begin with."
        )
    return given


def names_variable(name: str) -> bool:
    return re.fullmatch(VARIABLE, name) is not None
