"""When schedules are due, which of the times that were missed are made up for, and what cannot be."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.pause import Pause
from chalicelib.domain.schedule import MOST_RUNS, Missed, Run, Schedule
from chalicelib.domain.timetable import (
    MOST_MADE_UP_FOR,
    checked,
    due_at,
    due_times,
    fired,
    in_words,
    next_runs,
    next_times,
    refuse_past,
    times_after,
    with_next_run,
)
from tests.builders import NOON, a_schedule

SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
WHEN = st.one_of(
    st.builds(lambda seconds: {"every": seconds}, st.integers(60, 3 * 86400)),
    st.builds(
        lambda cron, zone: {"cron": cron, "timezone": zone},
        st.sampled_from(
            ("* * * * *", "*/15 * * * *", "30 2 * * *", "0 9 * * MON-FRI", "0 0 1 * *", "10 */6 * * *")
        ),
        st.sampled_from(("UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo")),
    ),
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def _schedule(**changes: Any) -> Schedule:
    """At noon of each day, unless something else says when; distances are counted from one noon."""
    when = {} if changes.keys() & {"cron", "every", "at"} else {"cron": "0 12 * * *"}
    return a_schedule(**{"starts_at": NOON, **when, **changes})


def _begun(**changes: Any) -> Schedule:
    return with_next_run(_schedule(**changes), NOON)


def _refused(schedule: Schedule) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as refusal:
        checked(schedule)
    return refusal.value


@given(WHEN, MOMENTS)
def test_whoever_asks_again_after_one_of_the_times_hears_of_the_same_that_follow(
    when: dict[str, Any], moment: datetime
) -> None:
    times = next_times(_schedule(**when), 6, moment)

    assert moment < times[0]
    assert list(times) == sorted(set(times))
    for number, time in enumerate(times):
        assert next_times(_schedule(**when), 5 - number, time) == times[number + 1 :]
        assert next_times(_schedule(**when), 1, time - SECOND) == (time,)


def test_a_distance_is_counted_from_its_start_whenever_somebody_looks() -> None:
    schedule = _schedule(every=900, starts_at=NOON)

    assert next_times(schedule, 2, NOON) == (NOON + 15 * MINUTE, NOON + 30 * MINUTE)
    assert next_times(schedule, 1, NOON + 31 * MINUTE) == (NOON + 45 * MINUTE,)
    assert next_times(schedule, 1, NOON - DAY) == (NOON + 15 * MINUTE,)


def test_a_time_that_waits_out_its_jitter_is_the_next_one_still() -> None:
    schedule = with_next_run(_schedule(every=900, jitter=600), NOON)
    time, due = NOON + 15 * MINUTE, schedule.due_at
    assert due is not None
    assert time < due

    assert next_runs(schedule, 2, NOON) == (time, time + 15 * MINUTE)
    assert next_runs(schedule, 2, due - SECOND) == (time, time + 15 * MINUTE)
    assert next_runs(schedule, 2, NOON + DAY) == (time, NOON + DAY + 15 * MINUTE)
    assert next_runs(schedule.but(next_run_at=None, due_at=None), 2, NOON) == ()


def test_a_single_time_comes_once() -> None:
    schedule = _begun(at=NOON + HOUR)
    assert schedule.next_run_at == NOON + HOUR

    over = fired(schedule, (Run(time=NOON + HOUR, task_id="1jd3"),))

    assert over.next_run_at is None
    assert over.due_at is None
    assert due_times(over, NOON + DAY).to_fire == ()


@pytest.mark.parametrize(
    "changes",
    [{"enabled": False}, {"paused": Pause(since=NOON, why="three failures", revision=2)}],
    ids=["off", "paused"],
)
def test_what_is_off_or_paused_has_no_next_run(changes: dict[str, Any]) -> None:
    schedule = _begun(**changes)

    assert (schedule.next_run_at, schedule.due_at) == (None, None)
    assert next_times(schedule, 1, NOON) == (NOON + DAY,)


def test_what_is_on_time_fires_whatever_was_chosen_for_what_is_missed() -> None:
    for missed in Missed:
        schedule = _begun(every=60, missed=missed)

        assert due_times(schedule, NOON + 2 * MINUTE).to_fire == (NOON + MINUTE, NOON + 2 * MINUTE), missed


def test_before_its_time_nothing_is_due() -> None:
    assert due_times(_begun(), NOON + DAY - SECOND).to_fire == ()


def test_of_what_was_missed_the_latest_is_made_up_for() -> None:
    due = due_times(_begun(every=900), NOON + 2 * HOUR + 10 * MINUTE)

    assert due.to_fire == (NOON + 2 * HOUR,)
    assert [run.time for run in due.passed_over] == [NOON + number * 15 * MINUTE for number in range(1, 8)]
    assert due.passed_over[-1].why == (
        "missed: its turn came 25 minutes late, and of all that are missed the latest is made up for (missed=latest)"
    )


def test_where_one_is_on_time_none_that_was_missed_is_made_up_for() -> None:
    due = due_times(_begun(every=900), NOON + 2 * HOUR)

    assert due.to_fire == (NOON + 2 * HOUR,)


def test_after_a_time_of_which_nothing_was_seen_one_run_is_enough() -> None:
    now = NOON + HOUR + 30 * SECOND
    for missed in (Missed.LATEST, Missed.SKIP):
        due = due_times(_begun(every=60, missed=missed), now)

        assert due.to_fire == (NOON + HOUR,), missed


def test_what_is_later_than_missed_within_is_not_made_up_for() -> None:
    due = due_times(_begun(missed_within=3600), NOON + DAY + HOUR + SECOND)

    assert due.to_fire == ()
    assert [run.time for run in due.passed_over] == [NOON + DAY]
    assert due.passed_over[0].why == (
        "missed: its turn came 1 hour 1 second late, and it is made up for within 1 hour (missed_within)"
    )
    assert due_times(_begun(missed_within=3600), NOON + DAY + HOUR).to_fire == (NOON + DAY,)


def test_with_skip_nothing_that_was_missed_is_made_up_for() -> None:
    due = due_times(_begun(missed="skip"), NOON + DAY + 3 * MINUTE)

    assert due.to_fire == ()
    assert due.passed_over[0].why == "missed: its turn came 3 minutes late, and missed=skip"


def test_with_all_the_last_24_are_made_up_for() -> None:
    due = due_times(_begun(every=60, missed="all"), NOON + HOUR)

    assert due.to_fire == tuple(NOON + number * MINUTE for number in range(37, 61))
    assert len(due.to_fire) == MOST_MADE_UP_FOR
    assert due.passed_over[-1].why == "missed: its turn came 24 minutes late, and at most 24 are made up for"


def test_after_years_in_which_nobody_looked_the_latest_times_are_found_at_once() -> None:
    due = due_times(_begun(cron="* * * * *", missed="all"), NOON + 3650 * DAY)

    assert len(due.to_fire) == MOST_MADE_UP_FOR
    assert due.to_fire[-1] == NOON + 3650 * DAY
    assert MOST_RUNS <= len(due.passed_over) < 1000


@given(
    WHEN,
    st.sampled_from(Missed),
    st.integers(0, 59),
    st.lists(st.integers(1, 4 * 86400), min_size=1, max_size=8),
)
def test_each_time_becomes_a_task_or_a_line_of_history_once_and_in_order(
    when: dict[str, Any], missed: Missed, jitter: int, looks: Sequence[int]
) -> None:
    schedule = _begun(**when, missed=missed, jitter=jitter)
    now, seen = NOON, []
    for seconds in looks:
        now += timedelta(seconds=seconds)
        due = due_times(schedule, now)
        runs = (*due.passed_over, *(Run(time=time, task_id="1jd3") for time in due.to_fire))
        seen += [run.time for run in runs]
        schedule = fired(schedule, runs)

    assert schedule.due_at is not None
    assert schedule.due_at > now
    assert due_times(schedule, now).to_fire == ()
    first = seen[0] if seen else schedule.next_run_at
    assert first is not None
    following = list(islice(times_after(schedule, first - SECOND), len(seen)))
    # Of very many only the latest were looked at: those are whole.
    assert seen[-MOST_MADE_UP_FOR:] == following[-MOST_MADE_UP_FOR:] or len(seen) > MOST_MADE_UP_FOR
    assert seen == sorted(set(seen))


def test_jitter_is_the_same_for_whoever_asks_and_another_for_each_time_and_schedule() -> None:
    nightly, other = _begun(jitter=300), _begun(jitter=300, id="1jd3schedu1f")
    times = next_times(nightly, 50, NOON)

    delays = [due_at(nightly, time) - time for time in times]

    assert delays == [due_at(nightly.but(revision=9), time) - time for time in times]
    assert delays != [due_at(other, time) - time for time in times]
    assert all(timedelta(0) <= delay < 5 * MINUTE for delay in delays)
    assert len(set(delays)) > 30
    assert nightly.due_at == times[0] + delays[0]


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({"cron": "0 2 * * *"}, "At 02:00 every day, UTC"),
        (
            {"cron": "30 2 * * 1-5", "timezone": "Australia/Sydney"},
            "At 02:30 on Monday through Friday, Australia/Sydney",
        ),
        ({"cron": "*/15 * * * *"}, "Every 15 minutes, UTC"),
        ({"cron": "0 */6 * * *"}, "Every 6 hours, UTC"),
        ({"cron": "*/45 * * * *"}, "At minutes 0 and 45 of every hour, UTC"),
        (
            {"cron": "*/7 9-17 * * *"},
            "At minutes 0, 7, 14, 21, 28, 35, 42, 49, and 56 past every hour from 9 through 17, UTC",
        ),
        ({"cron": "0 */5 * * *"}, "At minute 0 past hours 0, 5, 10, 15, and 20, UTC"),
        ({"cron": "0 9 * */5 *"}, "At 09:00 every day in January, June, and November, UTC"),
        ({"cron": "0 9 * * */3"}, "At 09:00 on Sunday, Wednesday, and Saturday, UTC"),
        ({"cron": "0 9 */2 * *"}, "At 09:00 on every second day of the month from the first on, UTC"),
        ({"cron": "0 9 21,22 * *"}, "At 09:00 on the 21st and the 22nd day of the month, UTC"),
        ({"cron": "0 9 1 * MON"}, "At 09:00 on the first day of the month, and also on Monday, UTC"),
        (
            {"cron": "0 9 */5 * MON"},
            "At 09:00 on every fifth day of the month from the first on, but only on Monday, UTC",
        ),
        (
            {"cron": "0 9 1 * */2"},
            "At 09:00 on the first day of the month, but only on Sunday, Tuesday, Thursday, and Saturday, UTC",
        ),
        ({"every": 900}, "Every 15 minutes"),
        ({"every": 5400}, "Every 1 hour 30 minutes"),
        ({"every": 86400}, "Every day"),
        ({"at": NOON, "timezone": "Europe/Berlin"}, "Once, at 2026-11-24 13:00 Europe/Berlin"),
    ],
)
def test_it_says_in_words_when_it_is_due(when: dict[str, Any], words: str) -> None:
    assert in_words(_schedule(**when)) == words


def test_a_nickname_is_kept_as_the_five_fields_that_it_stands_for() -> None:
    assert checked(_schedule(cron=" @Daily ")).cron == "0 0 * * *"
    assert checked(_schedule(cron="0  2 * jan  mon")).cron == "0 2 * JAN MON"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cron": None}, "Nothing says when it is due."),
        ({"cron": "0 2 * * *", "every": 900}, "cron= and every= contradict each other."),
        ({"cron": "0 2 * * *", "every": 900, "at": NOON}, "cron=, every= and at= contradict each other."),
        ({"every": 59}, "every=59s is out of range: it goes from 1 minute to 366 days."),
        ({"every": -60}, "every=-60s is out of range: it goes from 1 minute to 366 days."),
        ({"jitter": 3601}, "jitter=1h1s is out of range: it goes from 0 seconds to 1 hour."),
        ({"missed_within": 5}, "missed_within=5s is out of range: it goes from 1 minute to 7 days."),
        (
            {"every": 300, "jitter": 300},
            "jitter=5m is too long: it must be less than 5 minutes, the distance between two of its times.",
        ),
        ({"timezone": "Sidney"}, "timezone=Sidney is no zone."),
        ({"at": NOON.replace(year=9999), "jitter": 60}, "at=9999-11-24 is after the year 3000."),
    ],
)
def test_what_can_never_be_is_refused(changes: dict[str, Any], message: str) -> None:
    refusal = _refused(_schedule(**changes))

    assert str(refusal) == message
    assert refusal.fields


def test_a_single_time_that_has_passed_is_refused() -> None:
    with pytest.raises(
        InvalidRequest, match="at=2026-11-24 23:00 Australia/Sydney is in the past"
    ) as refusal:
        refuse_past(_schedule(at=NOON, timezone="Australia/Sydney"), NOON)

    assert refusal.value.hint == (
        "It is 2026-11-24 23:00 there now. What is to run at once is a task: tapit create task."
    )
    refuse_past(_schedule(at=NOON + SECOND), NOON)
    refuse_past(_schedule(), NOON)
