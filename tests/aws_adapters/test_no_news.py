"""How long a client that waits is told to pause: the longer the less there is to see, and never too long."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.cloudwatch_logs import SETTLED_AFTER, settled_at
from chalicelib.adapters.no_news import NoNews
from chalicelib.domain.task import Task
from tests.builders import NOON, a_finished_task, a_running_task, a_task

WITHIN = timedelta(seconds=5)
passed = st.timedeltas(timedelta(0), timedelta(days=30))


def pause(task: Task, now: datetime, *, has_output: bool = False) -> timedelta:
    return timedelta(seconds=NoNews().poll_after(task, now, has_output=has_output))


@given(passed, passed)
def test_the_pause_grows_while_nothing_is_new(earlier: timedelta, later: timedelta) -> None:
    first, second = sorted([earlier, later])

    assert pause(a_running_task(), NOON + first) <= pause(a_running_task(), NOON + second) < WITHIN


@given(passed)
def test_the_pause_shrinks_when_there_is_output(after: timedelta) -> None:
    task = a_running_task()

    assert pause(task, NOON + after, has_output=True) <= pause(task, NOON + after)
    assert pause(task, NOON + timedelta(minutes=1), has_output=True) < pause(
        task, NOON + timedelta(minutes=1)
    )


def test_a_task_that_has_not_started_is_looked_at_less_unless_somebody_waits_to_work_in_it() -> None:
    assert pause(a_task(), NOON) > pause(a_running_task(), NOON) > pause(a_task(interactive=True), NOON)


def test_who_follows_a_feed_goes_on_at_once_where_there_is_more_and_rests_where_there_is_not() -> None:
    rest = NoNews().poll_feed_after

    assert rest(has_more=True) == 0
    assert timedelta(0) < timedelta(seconds=rest(has_more=False)) < WITHIN


@given(st.timedeltas(timedelta(0), SETTLED_AFTER))
def test_after_the_end_the_next_look_is_when_its_output_is_complete(after: timedelta) -> None:
    task = a_finished_task()
    assert task.stopped_at is not None

    look = task.stopped_at + after

    assert settled_at(task) <= look + pause(task, look) <= task.stopped_at + WITHIN
