"""Read `memory=4G`, `cpu=2`, `max_hours=6` and the size of a disk, and refuse what no home can give.

That is refused here, so that the way out can be typed at once. The limits of an app may be as high as one likes.
"""

import math
import re

from tapit.errors import UsageError
from tapit.language import values

MOST_CPU = 16
MOST_MEMORY = 120
MOST_HOURS = 8760
LEAST_DISK, MOST_DISK = 20, 200
LEAST_MB = 128  # that somebody would ask for
CPU_UNITS = 1024  # of AWS, in a vCPU
# compiled at first use
AMOUNT = r"([+-]?(?:\d+\.?\d*|\.\d+))"
MEMORY = AMOUNT + r"\s*(?i:(g|gb|gib|gi|m|mb|mib|mi))?"
MILLI_CPU = r"([1-9][0-9]{0,5})m"
DISK = r"(.*?)\s*(?i:g|gb|gib|gi)?"


def memory_limit(key: str, given: str) -> float:
    """GB, whatever the unit it was written in."""
    found = re.fullmatch(MEMORY, given.strip())
    if found is None:
        return _positive(key, given, "GB, such as 4, 4.5, 4G or 4096M")
    size = _positive(key, found[1], "GB, such as 4, 4.5, 4G or 4096M")
    return size / 1024 if (found[2] or "").lower().startswith("m") else size


def cpu_limit(key: str, given: str) -> float:
    unit = "vCPU, such as 0.25, 1 or 2"
    if found := re.fullmatch(MILLI_CPU, given.strip()):  # as Kubernetes writes it
        raise UsageError(
            f"{key}={given} is not a number",
            f"{key} is in {unit}.",
            f"did you mean {key}={int(found[1]) / 1000:g}?",
        )
    return _positive(key, given, unit)


def hours_limit(key: str, given: str) -> float | str:
    """Hours, from a number of them or from a length of time."""
    if given.strip().lower() == "none":
        return "none"
    unit = "hours, such as 6 or 0.5, 30m or 1h30m (or none, for no limit)"
    if re.fullmatch(AMOUNT, given.strip()) or not re.fullmatch(values.DURATION, given.strip()):
        return _positive(key, given, unit)
    return values.duration(key, given) / 3600


def _positive(key: str, given: str, unit: str) -> float:
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or "_" in given:
        raise UsageError(f"{key}={given} is not a number", f"{key} is in {unit}.")
    if number <= 0:
        raise UsageError(f"{key}={given} must be more than 0", f"{key} is in {unit}.")
    return number


def cpu(key: str, given: str) -> float:
    wanted = cpu_limit(key, given)
    units = wanted / CPU_UNITS  # what AWS counts in
    meant = f"{units:g}" if units.as_integer_ratio()[1] <= 4 and units <= MOST_CPU else None
    return _up_to(MOST_CPU, wanted, key, given, "vCPU", meant)


def memory(key: str, given: str) -> float:
    wanted = memory_limit(key, given)
    number = given.strip()
    meant = f"{number}M" if number.isdigit() and LEAST_MB <= wanted <= MOST_MEMORY * 1024 else None
    return _up_to(MOST_MEMORY, wanted, key, given, "GB", meant)


def hours(key: str, given: str) -> float | str:
    wanted = hours_limit(key, given)
    if isinstance(wanted, str):
        return wanted
    return _up_to(MOST_HOURS, wanted, key, given, "hours", None, instead="none")


def _up_to(
    most: int, wanted: float, key: str, given: str, unit: str, meant: str | None, *, instead: str = ""
) -> float:
    if wanted <= most:
        return wanted
    raise UsageError(
        f"{key}={given} is more than a task can have",
        f"The most is {most} {unit}.",
        f"did you mean {key}={meant}?" if meant else f"{key}={instead or most}",
    )


def disk(key: str, given: str) -> object:
    """Whole GB, with or without the unit."""
    found = re.fullmatch(DISK, given.strip())
    return _whole_disk(key, found[1] if found else given)


_whole_disk = values.whole(LEAST_DISK, MOST_DISK)
