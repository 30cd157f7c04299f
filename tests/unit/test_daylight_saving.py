"""When cron schedules are due where clocks change: as a slow reading of the rules, as cronsim, and as people say."""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.cron import keeps_to_the_clock
from chalicelib.domain.timetable import next_times, times_after
from tests.builders import a_schedule
from tests.unit.clocks_of_zones import Cron, Window, changes_of_clock

EXPRESSIONS = (
    "0 2 * * *",
    "30 2 * * *",
    "30 1 * * *",
    "0 3 * * *",
    "15,45 2,3 * * *",
    "0 0 * * *",
    "59 23 * * SUN",
    "10-50/20 0-4 * * *",
    "0 */2 * * *",
    "*/15 * * * *",
    "*/20 2 * * *",
    "*/20 5 * * *",
    "7 * * * *",
    "* 1-3 * * SUN",
    "30 2 * 3,10 SUN",
    "0 12 1 * MON",
    "0 9 */2 * MON-FRI",
    "30 0 29 2 *",
)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Apia",
)
YEARS = (2011, 2018, 2024, 2026)
HALF_AN_HOUR = "Australia/Lord_Howe"
HOURS = timedelta(hours=1)


def _within(expression: str, zone: str, start: datetime, end: datetime) -> list[datetime]:
    """The times from `start` until `end`, which is not among them."""
    schedule = a_schedule(cron=expression, timezone=zone)
    return list(takewhile(lambda time: time < end, times_after(schedule, start - timedelta(seconds=1))))


@cache
def _windows(zone: str, year: int) -> list[tuple[datetime, datetime, Window]]:
    """The day around each change of the clock, and around New Year, which is none."""
    middles = [datetime(year, 1, 1, tzinfo=UTC), *changes_of_clock(ZoneInfo(zone), year)]
    spans = [(middle - 26 * HOURS, middle + 8 * HOURS) for middle in middles]
    return [(start, end, Window(ZoneInfo(zone), start, end)) for start, end in spans]


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("zone", ZONES)
def test_around_each_change_of_a_clock_times_are_those_that_the_rules_name(zone: str, year: int) -> None:
    for expression in EXPRESSIONS:
        for start, end, window in _windows(zone, year):
            assert _within(expression, zone, start, end) == window.times(Cron(expression)), (
                expression,
                start,
            )


def _fields(least: int, most: int) -> st.SearchStrategy[str]:
    """Stars, values, ranges, lists and steps of one field."""
    value = st.integers(least, most)
    ends = st.lists(value, min_size=2, max_size=2, unique=True).map(sorted)
    spans = ends.map(lambda ends: f"{ends[0]}-{ends[1]}")
    steps = st.builds(
        "{}/{}".format, st.one_of(st.just("*"), value, spans), st.integers(1, max(1, most - least))
    )
    lists = st.lists(value.map(str) | spans, min_size=2, max_size=3).map(",".join)
    return st.one_of(st.just("*"), value.map(str), spans, steps, lists)


@given(
    st.tuples(_fields(0, 59), _fields(0, 23), _fields(1, 28), _fields(1, 12), _fields(0, 7)).map(" ".join),
    st.sampled_from(ZONES),
    st.sampled_from(YEARS),
    st.data(),
)
def test_whatever_the_expression_its_times_are_those_that_the_rules_name(
    expression: str, zone: str, year: int, data: st.DataObject
) -> None:
    start, end, window = data.draw(st.sampled_from(_windows(zone, year)))

    assert _within(expression, zone, start, end) == window.times(Cron(expression))


@pytest.mark.parametrize("zone", ZONES)
def test_all_through_the_spring_of_a_leap_year_times_are_those_of_cronsim(zone: str) -> None:
    start, end = datetime(2028, 2, 20, tzinfo=UTC), datetime(2028, 5, 1, tzinfo=UTC)
    for expression in EXPRESSIONS:
        if zone == HALF_AN_HOUR and not keeps_to_the_clock(expression):
            continue  # where clocks change by half an hour, cronsim loses some; the test above has this zone too
        found = (time.astimezone(UTC) for time in CronSim(expression, start.astimezone(ZoneInfo(zone))))

        named = sorted(set(takewhile(lambda time: time < end, found)))

        assert _within(expression, zone, start + timedelta(seconds=1), end) == named, expression


def _shown(expression: str, zone: str, after: str, count: int) -> list[str]:
    """The next times, as a clock in the zone shows them, and with its distance to UTC."""
    moment = datetime.fromisoformat(after).replace(tzinfo=ZoneInfo(zone))
    times = next_times(a_schedule(cron=expression, timezone=zone), count, moment)
    return [time.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes") for time in times]


BY_HAND = {
    "half past two on the day without it, at once when the clock is put forward": (
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00"),
        ["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"],
    ),
    "half past two on the day that has it twice, the first time": (
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00"),
        ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"],
    ),
    "every quarter of an hour, none of those that are left out": (
        ("*/15 * * * *", "Europe/Berlin", "2026-03-29T01:31"),
        ["2026-03-29T01:45+01:00", "2026-03-29T03:00+02:00", "2026-03-29T03:15+02:00"],
    ),
    "every quarter of an hour, those of the hour that comes twice both times": (
        ("*/15 * * * *", "Europe/Berlin", "2026-10-25T02:31"),
        ["2026-10-25T02:45+02:00", "2026-10-25T02:00+01:00", "2026-10-25T02:15+01:00"],
    ),
    "each hour between one and three o'clock on the day without two": (
        ("0 1-3 * * *", "America/New_York", "2026-03-08T00:00"),
        ["2026-03-08T01:00-05:00", "2026-03-08T03:00-04:00", "2026-03-09T01:00-04:00"],
    ),
    "Lord Howe's half hour, forward": (
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00"),
        ["2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"],
    ),
    "Lord Howe's half hour, back": (
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00"),
        ["2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30"],
    ),
    "every quarter of an hour at five, on the day on which Lord Howe's clock went forward by half of one": (
        ("*/15 5 * * *", "Australia/Lord_Howe", "2026-10-04T00:00"),
        [
            "2026-10-04T05:00+11:00",
            "2026-10-04T05:15+11:00",
            "2026-10-04T05:30+11:00",
            "2026-10-04T05:45+11:00",
        ],
    ),
    "midnight, on the day whose first hour there is not": (
        ("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00"),
        ["2026-04-24T01:00+03:00", "2026-04-25T00:00+03:00"],
    ),
    "a zone that gave up its summer time": (
        ("0 9 1 1,7 *", "America/Sao_Paulo", "2018-12-01T00:00"),
        ["2019-01-01T09:00-02:00", "2019-07-01T09:00-03:00", "2020-01-01T09:00-03:00"],
    ),
    "a zone that left out a whole day": (
        ("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00"),
        ["2011-12-29T12:00-10:00", "2011-12-31T00:00+14:00", "2011-12-31T12:00+14:00"],
    ),
    "a zone that puts its clock back in Ramadan, also at half past two": (
        ("30 2 * * *", "Africa/Casablanca", "2026-02-14T12:00"),
        ["2026-02-15T02:30+01:00", "2026-02-16T02:30+00:00"],
    ),
    "the leap day": (
        ("0 6 29 2 *", "Europe/London", "2026-01-01T00:00"),
        ["2028-02-29T06:00+00:00", "2032-02-29T06:00+00:00"],
    ),
    "the last day of a month": (
        ("0 6 L 2 *", "UTC", "2027-01-01T00:00"),
        ["2027-02-28T06:00+00:00", "2028-02-29T06:00+00:00"],
    ),
    "a zone that has no summer time": (
        ("30 2 * * *", "Asia/Kolkata", "2026-03-28T12:00"),
        ["2026-03-29T02:30+05:30", "2026-03-30T02:30+05:30"],
    ),
    "UTC, which no clock is changed in": (
        ("30 2 * * *", "UTC", "2026-03-28T12:00"),
        ["2026-03-29T02:30+00:00", "2026-03-30T02:30+00:00"],
    ),
    "two hours of which the first there is not are one time": (
        ("0 2,3 * * *", "Europe/Berlin", "2026-03-29T00:00"),
        ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"],
    ),
}


@pytest.mark.parametrize(("asked", "expected"), BY_HAND.values(), ids=BY_HAND)
def test_by_hand(asked: tuple[str, str, str], expected: list[str]) -> None:
    assert _shown(*asked, len(expected)) == expected


def test_what_ran_in_the_first_of_two_equal_hours_is_not_due_in_the_second() -> None:
    berlin = a_schedule(cron="30 2 * * *", timezone="Europe/Berlin")
    second_time_ten_past_two = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)

    (following,) = next_times(berlin, 1, second_time_ten_past_two)

    assert following == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
