"""What a task costs at Fargate's list price."""

from datetime import timedelta

import pytest

from chalicelib.domain.fargate_sizes import Size
from chalicelib.domain.price import dollars

AN_HOUR = timedelta(hours=1)


def test_an_hour_costs_its_vcpus_and_gigabytes() -> None:
    assert dollars(Size(1, 2), 20, AN_HOUR) == pytest.approx(0.04048 + 2 * 0.004445, abs=5e-5)


def test_twice_the_time_costs_twice_as_much() -> None:
    assert dollars(Size(4, 8), 20, 2 * AN_HOUR) == pytest.approx(
        2 * dollars(Size(4, 8), 20, AN_HOUR), abs=1e-4
    )


def test_only_storage_above_twenty_gigabytes_is_charged() -> None:
    without, beyond = dollars(Size(1, 2), 20, 100 * AN_HOUR), dollars(Size(1, 2), 120, 100 * AN_HOUR)

    assert beyond - without == pytest.approx(100 * 100 * 0.000111, abs=1e-4)


def test_a_minute_is_the_least() -> None:
    assert dollars(Size(16, 120), 20, timedelta(seconds=1)) == dollars(
        Size(16, 120), 20, timedelta(minutes=1)
    )
