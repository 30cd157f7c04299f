"""Lengths of time as people write them."""

import pytest

from chalicelib.domain.lengths import as_typed, hours_as_typed


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0.0, "0s"), (1.5, "1.5s"), (30.0, "30s"), (600.0, "10m"), (3600.0, "1h"), (90_061, "1d1h1m1s")],
)
def test_a_length_is_written_as_it_would_be_typed(seconds: float, written: str) -> None:
    assert as_typed(seconds) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (4, "4s"),
        (0.18, "0.18s"),
        (300, "5m"),
        (1800, "0.5"),
        (3600, "1"),
        (3960, "1h6m"),
        (5400, "1.5"),
        (90_000, "25"),
        (8760 * 3600, "8760"),
    ],
)
def test_hours_that_are_no_plain_number_are_a_length(seconds: float, written: str) -> None:
    assert hours_as_typed(seconds / 3600) == written
