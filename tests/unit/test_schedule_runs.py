"""What becomes of a schedule's runs, and that it pauses itself."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.event import EVENT, ScheduleEvent
from chalicelib.domain.schedule import MOST_RUNS, Run, Schedule
from chalicelib.domain.schedule_runs import fails_too_often, pause_itself, resume, unended, with_ends
from chalicelib.domain.status import Status
from chalicelib.domain.subscription import EVENT_NAMES
from tests.builders import NOON, a_finished_task, a_schedule, a_task


def saved(schedule: Schedule) -> Schedule:
    return schedule.but(revision=schedule.revision + 1)


def a_run(number: int) -> Run:
    return Run(time=NOON, task_id=f"t{number}")


def with_runs(*exit_codes: int | None, **fields: object) -> Schedule:
    """One whose runs have ended like that, the oldest first; None: it has not."""
    schedule = a_schedule(runs=tuple(a_run(number) for number in range(len(exit_codes))), **fields)
    tasks = {
        f"t{number}": a_task(id=f"t{number}") if code is None else a_finished_task(code, id=f"t{number}")
        for number, code in enumerate(exit_codes)
    }
    return with_ends(schedule, tasks)


@pytest.mark.parametrize(
    ("exit_codes", "failures"), [((1, 2), 2), ((1, 0), 0), ((0, 1), 1), ((1, None, 1), 2), ((), 0)]
)
def test_what_failed_in_a_row_is_counted(exit_codes: tuple[int | None, ...], failures: int) -> None:
    assert with_runs(*exit_codes).failures == failures


def test_each_end_is_counted_once_whenever_it_is_seen() -> None:
    seen = with_runs(1, None)

    again = with_ends(seen, {"t0": a_finished_task(1), "t1": a_finished_task(2)})

    assert (unended(seen), unended(again)) == (["t1"], [])
    assert again.failures == 2
    assert [(run.status, run.exit_code) for run in again.runs] == [(Status.FAILED, 1), (Status.FAILED, 2)]


def test_a_run_whose_task_is_gone_says_nothing() -> None:
    assert with_ends(a_schedule(runs=(a_run(0),), failures=2), {}).failures == 2


def test_it_fails_too_often_as_soon_as_that_many_have_failed_in_a_row() -> None:
    assert fails_too_often(with_runs(1, 1)) is None
    assert fails_too_often(with_runs(1, 1, pause_after_failures=3)) is None
    assert fails_too_often(with_runs(1, 1, 1, pause_after_failures=3)) is not None


def test_that_it_pauses_itself_is_news_once() -> None:
    paused = saved(pause_itself(a_schedule(), "Its last run failed.", NOON))

    event = ScheduleEvent.of(paused)

    assert event is not None
    assert (event.schedule, event.revision, event.why) == ("nightly", paused.revision, "Its last run failed.")
    assert event.event_name in EVENT_NAMES
    assert EVENT.validate_json(event.model_dump_json()) == event
    assert ScheduleEvent.of(saved(paused)) is None
    assert ScheduleEvent.of(a_schedule()) is None


def test_one_that_is_switched_on_again_has_as_many_runs_to_fail_as_a_new_one() -> None:
    later = NOON + timedelta(minutes=1)
    failed = with_runs(1, 1, None, pause_after_failures=2)
    resumed = resume(pause_itself(failed, "It failed.", NOON), later)

    assert (resumed.paused, resumed.failures, resumed.is_active) == (None, 0, True)
    assert with_ends(resumed, {"t2": a_finished_task(1)}).failures == 0
    following = resumed.but(runs=(*resumed.runs, Run(time=later, task_id="t3")))
    assert with_ends(following, {"t3": a_finished_task(1)}).failures == 1


RUNS = st.lists(
    st.builds(
        Run,
        time=st.integers(0, 60).map(lambda minute: NOON + timedelta(minutes=minute)),
        task_id=st.none() | st.integers(0, 99).map(str),
        status=st.none() | st.sampled_from([Status.SUCCEEDED, Status.FAILED]),
    ),
    max_size=3 * MOST_RUNS,
)


@given(RUNS)
def test_of_what_is_remembered_whose_end_is_not_noted_goes_last_and_all_is_in_order(runs: list[Run]) -> None:
    kept = a_schedule(runs=tuple(runs)).runs

    assert [*kept] == sorted(kept, key=lambda run: run.time)
    assert len(kept) == min(len(runs), MOST_RUNS)
    gone = Counter(run for run in runs) - Counter(kept)
    ended_kept = [run for run in kept if not run.has_to_end]
    if ended_kept:
        assert not any(run.has_to_end for run in gone)
    for some in (True, False):
        oldest_kept = min((run.time for run in kept if run.has_to_end is some), default=None)
        assert all(oldest_kept is None or run.time <= oldest_kept for run in gone if run.has_to_end is some)
