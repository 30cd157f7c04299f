"""Which zones there are, what a misspelt one was meant to be, and times that a clock never shows, or twice."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain import zone_names
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.single_time import moment_in, notes_on
from chalicelib.domain.time_zones import zone_named
from chalicelib.domain.zone_names import CALLED_LIKE

NOON = datetime(2026, 11, 29, 12, 0, 9, tzinfo=UTC)

NAME_OF_CLOCKS = "That is what clocks show there, and a zone is called by a place."
NO_DISTANCE = "A distance to UTC is no zone, for many clocks are put forward and back."


@pytest.mark.parametrize(
    ("name", "hint"),
    {
        "Berlin": "Did you mean Europe/Berlin?",
        "europe/berlin": "Did you mean Europe/Berlin?",
        "Australia/Sidney": "Did you mean Australia/Sydney?",
        "America/New York": "Did you mean America/New_York?",
        "Europe/Tokio": "Did you mean Asia/Tokyo?",
        "utc": "Did you mean UTC?",
        "Asia Tokyo": "Did you mean Asia/Tokyo?",
        "PST": f"{NAME_OF_CLOCKS} Did you mean America/Los_Angeles?",
        "GMT+2": f"{NO_DISTANCE} {CALLED_LIKE} What is 2 h ahead of UTC all year is Etc/GMT-2.",
        "": CALLED_LIKE,
        "Europe": "Zones of Europe are Europe/Amsterdam, Europe/Andorra, Europe/Astrakhan, ",
        "europe/": "Zones of Europe are ",
        "Europe/Munich": "Zones of Europe are ",
        "Asia": "Zones of Asia are ",
        "sydney": "Did you mean Australia/Sydney?",
        "Australia/sydney": "Did you mean Australia/Sydney?",
        "Europe/Kiew": "Did you mean Europe/Kiev?",
        "Eastern Time": "Did you mean Canada/Eastern or US/Eastern?",
        "CEST": f"{NAME_OF_CLOCKS} Did you mean Europe/Berlin or Europe/Paris?",
        "UTC+0": "Did you mean UTC?",
        "+05:30": f"{NO_DISTANCE} {CALLED_LIKE}",
        "GMT-3": f"{NO_DISTANCE} {CALLED_LIKE} What is 3 h behind UTC all year is Etc/GMT+3.",
        "../../etc/passwd": CALLED_LIKE,
        "/etc/passwd": CALLED_LIKE,
        "a\0b": CALLED_LIKE,
        "x" * 5000: CALLED_LIKE,
        "localtime": f"It is another one on each machine. {CALLED_LIKE}",
        "right/Europe/Berlin": "Did you mean Europe/Berlin?",
    }.items(),
)
def test_for_an_unknown_zone_the_nearest_are_named(name: str, hint: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        zone_named(name)

    assert list(refusal.value.fields) == ["timezone"]
    said = refusal.value.hint or ""
    assert said.startswith(hint) if hint.startswith("Zones of ") else said == hint


def test_every_zone_that_is_named_is_one() -> None:
    for near in zone_names._ABBREVIATIONS.values():
        assert [zone_named(name).key for name in near] == [*near]
    for hours in range(-12, 15):
        with pytest.raises(InvalidRequest) as refusal:
            zone_named(f"UTC{hours:+}")
        named = re.findall(r"Etc/GMT[+-]\d+", refusal.value.hint or "")
        assert [NOON.astimezone(zone_named(name)).utcoffset() for name in named] in (
            [timedelta(hours=hours)],
            [],
        )
        assert named or hours == 0


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
    assert moment_in(text, zone, NOON) == moment


@pytest.mark.parametrize("text", ["", "soon", "99:99", "2026-13-01T20:00"])
def test_what_is_no_time_is_refused_with_one_that_is(text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        moment_in(text, "Europe/Berlin", NOON)

    assert refusal.value.hint == (
        "Tomorrow evening is at=2026-11-30T20:00 by the clock of Europe/Berlin (timezone=), "
        "or with an offset at=2026-11-30T20:00+01:00."
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("9999-12-31T23:59-12:00", "at=9999-12-31 is after the year 3000."),
        ("0001-01-01T00:00+12:00", "at=0001-01-01 is in the past."),
    ],
)
def test_a_time_that_no_calendar_here_has_is_said_to_be_too_far_away(text: str, why: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        moment_in(text, "Europe/Berlin", NOON)

    assert str(refusal.value) == why


@pytest.mark.parametrize(
    ("text", "meant"),
    {
        "tomorrow": "2026-11-30T00:00",
        "tomorrow at 9am": "2026-11-30T09:00",
        "today 20:00": "2026-11-29T20:00",
        "20:00": "2026-11-29T20:00",
        "8pm": "2026-11-29T20:00",
        "12am": "2026-11-30T00:00",
        "9:30": "2026-11-30T09:30",
        "1h": "2026-11-29T14:00",
        "in 2 days": "2026-12-01T13:00",
        "24.12.2026 20:00": "2026-12-24T20:00",
    }.items(),
)
def test_a_time_that_is_written_otherwise_is_recognised(text: str, meant: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        moment_in(text, "Europe/Berlin", NOON)

    assert refusal.value.hint == f"Did you mean at={meant}? It is 2026-11-29T13:00 in Europe/Berlin now."


@pytest.mark.parametrize(
    ("text", "zone", "note"),
    [
        (
            "2027-03-28T02:30",
            "Europe/Berlin",
            (
                "No clock in Europe/Berlin shows 2027-03-28T02:30, for it is put forward then: 2027-03-28T03:00 was "
                "taken, the first moment after."
            ),
        ),
        (
            "2027-10-31T02:30",
            "Europe/Berlin",
            (
                "Clocks in Europe/Berlin show 2027-10-31T02:30 twice, for they are put back then: the first was taken, "
                "2027-10-31T02:30+02:00. The second is at=2027-10-31T02:30+01:00."
            ),
        ),
        (
            "2026-10-04T02:15",
            "Australia/Lord_Howe",
            (
                "No clock in Australia/Lord_Howe shows 2026-10-04T02:15, for it is put forward then: 2026-10-04T02:30 "
                "was taken, the first moment after."
            ),
        ),
        ("2027-10-31T02:30+01:00", "Europe/Berlin", None),
        ("2027-10-31T03:00", "Europe/Berlin", None),
        ("2027-03-28T02:30", "UTC", None),
    ],
)
def test_of_a_time_that_a_clock_never_shows_or_twice_it_is_said_which_was_taken(
    text: str, zone: str, note: str | None
) -> None:
    assert notes_on(text, zone) == ([note] if note else [])


def test_what_is_offered_for_an_hour_that_comes_twice_is_the_second_one() -> None:
    (note,) = notes_on("2027-10-31T02:30", "Europe/Berlin")
    (offered,) = re.findall(r"at=(\S+)\.", note)

    first, second = (moment_in(text, "Europe/Berlin", NOON) for text in ("2027-10-31T02:30", offered))

    assert second - first == timedelta(hours=1)
