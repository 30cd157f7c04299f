"""Lengths of time as people write them."""

import pytest

from chalicelib.domain.lengths import as_typed


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0.0, "0s"), (1.5, "1.5s"), (30.0, "30s"), (600.0, "10m"), (3600.0, "1h"), (90_061, "1d1h1m1s")],
)
def test_a_length_is_written_as_it_would_be_typed(seconds: float, written: str) -> None:
    assert as_typed(seconds) == written
