"""Read what follows a key: names, numbers, times. Each refuses in its own words, before any request."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from tapit import TYPE_CHECKING
from tapit.errors import UsageError
from tapit.language.did_you_mean import did_you_mean, nearest
from tapit.language.suggested_command import as_typed
from tapit.statuses import STATUSES

if TYPE_CHECKING:
    from datetime import datetime

Reader = Callable[[str, str], object]

COMMAND_LIMIT = 7000  # what ECS leaves of its 8192 bytes of overrides
# left to be compiled at first use: few commands need any of them, and each would cost all of them
AMOUNT = r"(\d+(?:\.\d+)?|\.\d+)"
DURATION = f"(?:{AMOUNT}w)?(?:{AMOUNT}d)?(?:{AMOUNT}h)?(?:{AMOUNT}m)?(?:{AMOUNT}s?)?"
SECONDS = (7 * 86400, 86400, 3600, 60, 1)
WAYS = "Write 45s, 10m, 2h, 1h30m, 3d or 1w."
UNITS = ("s", "sec", "second", "m", "min", "minute", "h", "hr", "hour", "d", "day", "w", "week")
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
OWN_VARIABLES = "TAPIT_"
FORMATS = ("table", "json", "id")
NAME = r"[a-z][a-z0-9-]{0,39}"
NAME_IN_WORDS = "Names are 1 to 40 lower-case letters, digits and hyphens, and begin with a letter."
PROFILE = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


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
        raise UsageError("the command is empty", "It is one line for /bin/sh, such as 'echo hello'.")
    if len(given) > COMMAND_LIMIT:
        raise UsageError(
            f"the command has {len(given):,} characters; the most is {COMMAND_LIMIT:,}",
            "Put the work into a script that is part of the image, and run the script.",
        )
    return plain("the command", given)


def whole(least: int, most: int) -> Reader:
    def read(key: str, given: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,9}", given.strip()):
            raise UsageError(f"{key}={given} is not a whole number", f"{key} goes from {least} to {most}.")
        number = int(given)
        if not least <= number <= most:
            raise UsageError(f"{key}={given} is out of range", f"{key} goes from {least} to {most}.")
        return number

    return read


def statuses(key: str, given: str) -> str:
    """One, or several with commas between, in the home's spelling."""
    return ",".join(several_of(STATUSES, "a status", str.upper)(key, given))


def several_of(
    known: tuple[str, ...], what: str, spelled: Callable[[str], str]
) -> Callable[[str, str], list[str]]:
    """One, or several with commas between, each once, as `known` spells them."""

    def read(key: str, given: str) -> list[str]:
        typed = several(key, given)
        wanted = [spelled(one).replace("-", "_") for one in typed]
        strange = [word for word, one in zip(typed, wanted, strict=True) if one not in known]
        if strange:
            raise UsageError(
                f"{key}={strange[0]} is not {what}",
                f"One of {', '.join(known)}, or several with commas between.",
                _with_the_nearest(known, key, wanted),
            )
        return list(dict.fromkeys(wanted))

    return read


def _with_the_nearest(known: tuple[str, ...], key: str, wanted: list[str]) -> str | None:
    """The whole list as it was probably meant; None where nothing known is near one of them."""
    meant = [one if one in known else nearest(one, known) for one in wanted]
    words = [one for one in dict.fromkeys(meant) if one is not None]
    return None if None in meant else f"did you mean {key}={','.join(words)}?"


def one_of(known: tuple[str, ...]) -> Reader:
    def read(key: str, given: str) -> str:
        if given not in known:
            raise UsageError(
                f"there is no {key} {given}" if given.strip() else f"{key}= is empty",
                f"One of {', '.join(known)}.",
                did_you_mean(given, known, before=f"{key}="),
            )
        return given

    return read


def duration(key: str, given: str) -> float:
    """Seconds, from 90, 45s, 10m, 2h, 3d, 1w or 1h30m."""
    found = re.fullmatch(DURATION, given.strip())
    amounts = [float(part or 0) for part in found.groups()] if found else []
    seconds = sum(amount * unit for amount, unit in zip(amounts, SECONDS, strict=False))
    if not found or not any(found.groups()) or not math.isfinite(seconds):
        raise UsageError(f"{key}={given} is not a length of time", WAYS, _length_meant(key, given))
    if seconds == 0:
        raise UsageError(f"{key}={given} must be more than 0", WAYS)
    return seconds


def _length_meant(key: str, given: str) -> str | None:
    """`15 minutes`, `15min` and `15M` are 15m."""
    found = re.fullmatch(rf"{AMOUNT}\s*({'|'.join(UNITS)})s?", given.strip().lower())
    return f"did you mean {key}={found[1]}{found[2][0]}?" if found else None


def seconds(least: int, most: int) -> Reader:
    """A length of time within bounds; a number alone is seconds."""

    def read(key: str, given: str) -> float:
        wanted = duration(key, given)
        if not least <= wanted <= most:
            raise UsageError(f"{key}={given} is out of range", f"{key} goes from {least} to {most} seconds.")
        return wanted

    return read


def whole_seconds(shortest: str, longest: str) -> Reader:
    """A length of time within bounds, which are written as people write them."""

    def read(key: str, given: str) -> int:
        wanted = duration_or_none_at_all(key, given)
        least, most = duration_or_none_at_all(key, shortest), duration(key, longest)
        if not least <= wanted <= most:
            raise _out_of_range(key, given, f"{key} goes from {shortest} to {longest}.", least, most)
        if wanted != int(wanted):
            raise UsageError(f"{key}={given} is no number of whole seconds", WAYS)
        return int(wanted)

    return read


def _out_of_range(key: str, given: str, bounds: str, least: float, most: float) -> UsageError:
    """Whoever writes a number alone may have meant minutes."""
    number = given.strip()
    if not number.isdecimal() or not number.isascii() or int(number) == 0:
        return UsageError(f"{key}={given} is out of range", bounds)
    in_seconds = f"{number} second" + ("" if number == "1" else "s")
    meant = f"did you mean {key}={number}m?" if least <= int(number) * 60 <= most else None
    return UsageError(f"{key}={given} is {in_seconds}, which is out of range", bounds, meant)


def duration_or_none_at_all(key: str, given: str) -> float:
    return 0.0 if given.strip() in ("0", "0s") else duration(key, given)


def several(key: str, given: str) -> list[str]:
    """What stands between commas."""
    found = [part.strip() for part in text(key, given).split(",")]
    if not all(found):
        named = ",".join(filter(None, found))
        raise UsageError(
            f"{key}={given} has an empty part",
            f"Write {key}=one,two.",
            f"did you mean {as_typed(f'{key}={named}')}?" if named else None,
        )
    return found


def one_at_a_time(read: Reader) -> Reader:
    """Of a key that may be repeated, whose values hold no comma."""

    def read_one(key: str, given: str) -> object:
        if "," in given:
            parts = [part.strip() for part in given.split(",") if part.strip()]
            raise UsageError(
                f"{key}={given} is more than one",
                f"{key}= may be repeated, with one each time.",
                " ".join(as_typed(f"{key}={part}") for part in parts) or None,
            )
        return read(key, given)

    return read_one


def several_or_none(key: str, given: str) -> list[str]:
    """Nothing after the = says that there are none."""
    return several(key, given) if given.strip() else []


def yes_or_no(key: str, given: str) -> bool:
    wanted = given.strip().lower()
    if wanted not in ("yes", "no", "true", "false"):
        raise UsageError(f"{key}={given} is neither true nor false")
    return wanted in ("yes", "true")


def since(key: str, given: str) -> str:
    """RFC 3339, also from a length of time that means "ago"."""
    from datetime import UTC

    moment = _moment(key, given)
    try:
        utc = moment.astimezone(UTC)  # the local zone may push it out of the calendar
    except (ValueError, OverflowError):
        raise UsageError(f"{key}={given} is outside the calendar") from None
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(key: str, given: str) -> datetime:
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
            f"{key}={given} is not a time", "Write 2h, 3d or 1w (ago), or 2026-11-24T08:00:00Z."
        ) from None


def name(key: str, given: str) -> str:
    """An id or a name that becomes part of a request's path: the home judges the rest."""
    wanted = text(key, given).strip()
    if len(wanted) > 200 or not wanted.isprintable():
        raise UsageError(f"{key}= is not a name")
    return wanted


def new_name(key: str, given: str) -> str:
    """A name that something of an app's can be given."""
    wanted = plain(key, given).strip()
    if not wanted:
        raise UsageError(f"{key}= is empty", NAME_IN_WORDS)
    if not re.fullmatch(NAME, wanted):
        raise UsageError(f"{key}={given} cannot be a name", NAME_IN_WORDS, _name_meant(key, wanted))
    return wanted


def _name_meant(key: str, given: str) -> str | None:
    """`Nightly Café` was `nightly-cafe`, maybe."""
    from unicodedata import combining, normalize

    plain_letters = "".join(one for one in normalize("NFKD", given.lower()) if not combining(one))
    near = re.sub(r"[^a-z0-9]+", "-", plain_letters).strip("-")
    return f"did you mean {key}={near}?" if re.fullmatch(NAME, near) else None


def is_profile(name: str) -> bool:
    return re.fullmatch(PROFILE, name) is not None


def profile(_key: str, given: str) -> str:
    if not is_profile(given):
        raise UsageError(
            f"{given!r} is not a profile's name", "Letters, digits, dots, dashes and underscores, at most 64."
        )
    return given


def output(_key: str, given: str) -> str:
    if given not in FORMATS:
        raise UsageError(
            f"there is no output format {given}",
            "The formats are table, json and id.",
            did_you_mean(given, FORMATS, before="-o "),
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
    if given.startswith(OWN_VARIABLES):
        raise UsageError(
            f"{given} cannot be set", f"Variables that begin with {OWN_VARIABLES} are tapit's own."
        )
    return given


def names_variable(name: str) -> bool:
    return re.fullmatch(VARIABLE, name) is not None
