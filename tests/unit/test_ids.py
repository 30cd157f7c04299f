"""Ids are short, sort by the time of creation, and a list can begin at any moment."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ids import ALPHABET, PATTERN, first_id_at, new_id, new_long_id
from tests.builders import NOON

A_MILLISECOND = timedelta(milliseconds=1)
LAST_YEAR = 32_000_000_000  # seconds since 1970: in the year 2984
moments = st.floats(86_400, LAST_YEAR).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(moments)
def test_an_id_has_twelve_characters_that_cannot_be_confused(moment: datetime) -> None:
    made = new_id(moment)

    assert PATTERN.fullmatch(made)
    assert len(made) == 12
    assert not set("ilou") & set(ALPHABET)


@given(moments, moments)
def test_ids_sort_by_the_millisecond_of_creation(one: datetime, other: datetime) -> None:
    earlier, later = sorted([one, other])

    if later - earlier >= A_MILLISECOND:
        assert new_id(earlier) < new_id(later)


@given(moments)
def test_a_list_that_begins_at_a_moment_has_what_was_made_then_and_nothing_older(moment: datetime) -> None:
    assert new_id(moment - A_MILLISECOND) < first_id_at(moment) <= new_id(moment)


def test_a_moment_before_1970_has_the_very_first_id() -> None:
    assert first_id_at(datetime(1900, 1, 1, tzinfo=UTC)) == "0" * 12


def test_two_ids_of_one_moment_differ() -> None:
    assert len({new_id(NOON) for _ in range(50)}) > 45


def test_a_moment_after_the_last_id_is_still_after_all_ids() -> None:
    assert first_id_at(datetime(9999, 1, 1, tzinfo=UTC)) > new_id(datetime(3050, 1, 1, tzinfo=UTC))


def test_long_ids_are_in_the_order_in_which_they_were_made_also_within_a_microsecond() -> None:
    moments = [
        NOON,
        NOON,
        NOON + timedelta(microseconds=1),
        NOON + timedelta(microseconds=2),
        NOON + timedelta(seconds=1),
    ]
    made = [new_long_id(moment) for moment in moments]

    assert made == sorted(made)
    assert len({len(each) for each in made}) == 1
    assert first_id_at(NOON) <= made[0]
    assert made[-2] < first_id_at(NOON + timedelta(seconds=1)) <= made[-1]
