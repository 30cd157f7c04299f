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


def _parts(seconds: int) -> Iterator[tuple[int, str]]:
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        number, seconds = divmod(max(0, seconds), size)
        if number:
            yield number, unit
