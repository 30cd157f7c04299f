"""Timers: what is due earliest comes first, and nothing that is due is put off."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.timing.timers import Timers
from tests.local.supervisor.supervised_task import GENEROUS

LONG_AGO = 1.0  # seconds since 1970


def test_what_is_due_at_once_is_not_put_off_by_a_later_time() -> None:
    timers = Timers()
    timers.set("task", LONG_AGO)
    timers.set("task", time.time() + 3600)

    assert timers.next() == "task"


def test_an_earlier_time_replaces_a_later_one() -> None:
    timers = Timers()
    timers.set("task", time.time() + 3600)
    timers.set("task", LONG_AGO)

    assert timers.next() == "task"


def test_closed_timers_end_the_wait() -> None:
    timers = Timers()
    timers.close()

    assert timers.next() is None


@pytest.mark.parametrize("hours", [-8, 8])
def test_setting_the_clock_puts_nothing_off(hours: int) -> None:
    now = 1_000_000.0
    timers = Timers(clock=lambda: now)
    timers.set("first", now + 0.01)
    now += hours * 3600
    timers.set("second", now + 0.02)
    giving_up = threading.Timer(GENEROUS, timers.close)
    giving_up.start()

    assert [timers.next(), timers.next()] == ["first", "second"]
    giving_up.cancel()


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.floats(min_value=0, max_value=1000))))
def test_each_id_comes_once_in_the_order_of_its_earliest_time(set_times: list[tuple[str, float]]) -> None:
    timers = Timers()
    for task_id, due in set_times:
        timers.set(task_id, due)
    earliest = {task_id: min(due for other, due in set_times if other == task_id) for task_id, _ in set_times}

    came = [timers.next() for _ in earliest]

    assert [earliest[task_id] for task_id in came if task_id] == sorted(earliest.values())
    assert set(came) == set(earliest)
