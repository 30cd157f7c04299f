"""What a schedule becomes when something is asked of it, whatever was asked before."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.new_task import NewTask
from chalicelib.domain.saved_command import SavedCommand
from chalicelib.domain.schedule import Schedule
from chalicelib.domain.schedule_change import WHEN, asked_to_be
from tests.builders import NOON, a_schedule

MIGRATE = SavedCommand(
    id="1jd3",
    app="shop",
    name="migrate",
    task=NewTask(command="migrate", memory=1.0, environment={"A": "command's", "B": "command's"}),
    created_at=NOON,
    created_by="alice",
)
VARIABLES = st.dictionaries(st.sampled_from("ABC"), st.none() | st.just("1"), max_size=3)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "command": st.none() | st.just("true"),
        "command_name": st.none() | st.just("migrate"),
        "memory": st.none() | st.just(2.0),
        "image": st.none() | st.just("image"),
        "docker_tag": st.none() | st.just("tag"),
        "environment": VARIABLES,
        "cron": st.none() | st.sampled_from(["0 2 * * *", "@daily", "61 2 * * *"]),
        "every": st.none() | st.sampled_from([1, 60, 900]),
        "at": st.none() | st.sampled_from(["2026-12-24T20:00", "2020-01-01T00:00", "soon"]),
        "timezone": st.none() | st.sampled_from(["Europe/Berlin", "Nowhere"]),
        "jitter": st.none() | st.sampled_from([0, 59, 3600]),
        "enabled": st.none() | st.booleans(),
    },
)


def _task_of(schedule: Schedule) -> NewTask:
    """What cannot be together with its saved command is refused by whoever saves it, who knows that."""
    return schedule.task or MIGRATE.task.with_given(schedule.options)


@given(st.lists(CHANGES, max_size=6))
def test_whatever_is_asked_it_knows_one_time_and_one_thing_to_run_or_stays_as_it_was(
    changes: list[dict[str, Any]],
) -> None:
    schedule = a_schedule()
    for number, change in enumerate(changes):
        now = NOON + timedelta(hours=number)
        try:
            schedule = asked_to_be(schedule, change, now)
        except InvalidRequest:
            continue
        assert [getattr(schedule, name) is not None for name in WHEN].count(True) == 1
        assert (schedule.task is None) is (schedule.command_name is not None)
        assert schedule.task is None or not schedule.options
        assert (schedule.next_run_at is None) is (schedule.due_at is None)
        assert schedule.enabled or schedule.next_run_at is None
        assert _task_of(schedule).command in ("true", "migrate")
        assert Schedule.model_validate_json(schedule.model_dump_json()) == schedule


@given(CHANGES)
def test_to_ask_for_the_same_again_changes_nothing(change: dict[str, Any]) -> None:
    try:
        once = asked_to_be(a_schedule(), change, NOON)
    except InvalidRequest:
        return

    assert asked_to_be(once, change, NOON) == once


@pytest.mark.parametrize(
    ("variables", "left"),
    [
        ({"A": "mine"}, {"A": "mine", "B": "command's"}),
        ({"A": None}, {"B": "command's"}),
        ({"C": "more"}, {"A": "command's", "B": "command's", "C": "more"}),
    ],
)
def test_variables_go_before_those_of_the_saved_command_one_by_one(
    variables: dict[str, str | None], left: dict[str, str]
) -> None:
    schedule = asked_to_be(a_schedule(), {"command_name": "migrate", "environment": variables}, NOON)

    assert _task_of(schedule).environment == left


def test_its_own_options_stay_when_it_runs_something_else() -> None:
    schedule = asked_to_be(a_schedule(), {"command_name": "migrate", "memory": 4.0}, NOON)
    line = asked_to_be(schedule, {"command": "true"}, NOON)

    assert (line.command_name, line.options) == (None, {})
    assert _task_of(line) == NewTask(command="true", memory=4.0)
    assert asked_to_be(line, {"command_name": "migrate"}, NOON).options == {"memory": 4.0}


def test_what_becomes_of_a_run_whose_lock_is_held_is_said_by_overlap_alone() -> None:
    with pytest.raises(InvalidRequest, match="of a schedule overlap= says"):
        asked_to_be(a_schedule(), {"lock": "migrate", "if_locked": "wait"}, NOON)


def test_options_beside_a_saved_command_need_make_sense_with_it_alone() -> None:
    schedule = asked_to_be(a_schedule(), {"command_name": "migrate", "retry_wait": 5.0}, NOON)

    assert schedule.options == {"retry_wait": 5.0}
    assert schedule.asked.retry_wait == 5.0


def test_what_goes_with_an_option_goes_away_with_it() -> None:
    tried = {"command_name": "migrate", "retries": 2, "retry_wait": 5.0, "docker_tag": "v1"}
    schedule = asked_to_be(a_schedule(), tried, NOON)

    changed = asked_to_be(schedule, {"retries": None, "image": "other"}, NOON)

    assert changed.options == {"image": "other"}


def test_to_switch_one_on_begins_a_new_count_of_failures_where_it_was_off() -> None:
    later = NOON + timedelta(minutes=1)

    was_on, was_off = (
        asked_to_be(a_schedule(enabled=enabled, failures=2), {"enabled": True}, later)
        for enabled in (True, False)
    )

    assert (was_on.failures, was_on.counts_from) == (2, None)
    assert (was_off.failures, was_off.counts_from) == (0, later)


def test_a_distance_is_counted_from_when_it_was_changed() -> None:
    later = NOON + timedelta(minutes=7)

    changed = asked_to_be(a_schedule(every=900), {"every": 600}, later)
    same = asked_to_be(a_schedule(every=900), {"every": 900, "memory": 2.0}, later)

    assert changed.next_run_at == later + timedelta(minutes=10)
    assert same.next_run_at == a_schedule(every=900).next_run_at
