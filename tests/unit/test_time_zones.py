"""Which zones there are, what a misspelt one was meant to be, and times that a clock never shows, or twice."""

from datetime import UTC, datetime

import pytest

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.time_zones import moment_in, zone_named

NOTHING_NEAR = "Zones are called like Australia/Sydney, or UTC."


@pytest.mark.parametrize(
    ("name", "hint"),
    {
        "Berlin": "Did you mean Europe/Berlin?",
        "europe/berlin": "Did you mean Europe/Berlin?",
        "Australia/Sidney": "Did you mean Australia/Sydney?",
        "America/New York": "Did you mean America/New_York?",
        "Europe/Tokio": "Did you mean Asia/Tokyo?",
        "utc": "Did you mean UTC?",
        "PST": NOTHING_NEAR,
        "GMT+2": NOTHING_NEAR,
        "": NOTHING_NEAR,
        "Europe": NOTHING_NEAR,
        "../../etc/passwd": NOTHING_NEAR,
        "/etc/passwd": NOTHING_NEAR,
        "a\0b": NOTHING_NEAR,
        "x" * 5000: NOTHING_NEAR,
        "localtime": NOTHING_NEAR,
        "right/Europe/Berlin": "Did you mean Europe/Berlin?",
    }.items(),
)
def test_for_an_unknown_zone_the_nearest_are_named(name: str, hint: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        zone_named(name)

    assert (refusal.value.hint, list(refusal.value.fields)) == (hint, ["timezone"])


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("2026-12-24T20:00", "UTC", datetime(2026, 12, 24, 20, 0, tzinfo=UTC)),
        ("2026-12-24T20:00", "Australia/Sydney", datetime(2026, 12, 24, 9, 0, tzinfo=UTC)),
        ("2026-12-24 20:00:30", "Europe/Berlin", datetime(2026, 12, 24, 19, 0, 30, tzinfo=UTC)),
        ("2026-12-24T20:00+02:00", "Australia/Sydney", datetime(2026, 12, 24, 18, 0, tzinfo=UTC)),
        ("2026-12-24T20:00Z", "Australia/Sydney", datetime(2026, 12, 24, 20, 0, tzinfo=UTC)),
        ("2026-03-29T02:30", "Europe/Berlin", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("2026-10-25T02:30", "Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_time_without_an_offset_is_one_of_its_zone(text: str, zone: str, moment: datetime) -> None:
    assert moment_in(text, zone) == moment


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-13-01T20:00", "9999-12-31T23:59-12:00", "0001-01-01T00:00+12:00"]
)
def test_what_is_no_time_is_refused_with_one_that_is(text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        moment_in(text, "UTC")

    assert refusal.value.hint == (
        "Write it as 2026-12-24T20:00, in the zone of timezone=, or with an offset: 2026-12-24T20:00+01:00."
    )
