"""Lengths of time in words."""

from collections.abc import Iterator


def in_words(seconds: int) -> str:
    """Say a length of time with its two largest units: 1 hour 30 minutes."""
    parts = [f"{number} {unit}{'s' if number > 1 else ''}" for number, unit in _parts(seconds)]
    return " ".join(parts[:2]) or "0 seconds"


def as_typed(seconds: float) -> str:
    """Say it as people write it: 1h30m."""
    if seconds != int(seconds):
        return f"{seconds:g}s"
    return "".join(f"{number}{unit[0]}" for number, unit in _parts(int(seconds))) or f"{seconds:g}s"


def hours_as_typed(hours: float) -> str:
    """Say it as max_hours= takes it: 1.5, and 4s where a number of hours would not be read easily."""
    return f"{hours:g}" if hours * 4 == int(hours * 4) else as_typed(round(hours * 3600, 3))


def _parts(seconds: int) -> Iterator[tuple[int, str]]:
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        number, seconds = divmod(max(0, seconds), size)
        if number:
            yield number, unit
