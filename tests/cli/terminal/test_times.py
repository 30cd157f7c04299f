"""Lengths of time, as a person reads them."""

import pytest
from tapit.terminal import times


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0s"), (0.02, "0.1s"), (0.44, "0.4s"), (0.97, "1s"), (12, "12s"), (59.6, "1m00s"), (598, "9m58s")],
)
def test_short_ones(seconds: float, told: str) -> None:
    assert times.brief(seconds) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(3599.7, "1h00m"), (4140, "1h09m"), (86399, "23h59m"), (273600, "3d4h"), (90 * 86400, "90d")],
)
def test_long_ones(seconds: float, told: str) -> None:
    assert times.brief(seconds) == told


@pytest.mark.parametrize(("hours", "told"), [(24, "24h"), (6.5, "6.5h"), (0.5, "30m00s"), (0.0005, "2s")])
def test_time_limits(hours: float, told: str) -> None:
    assert times.hours(hours) == told


def test_a_clock_that_is_ahead_makes_nothing_negative() -> None:
    assert times.seconds_since("2126-01-01T00:00:00Z") == 0
