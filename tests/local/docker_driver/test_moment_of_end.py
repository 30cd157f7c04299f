"""When a container ended, by what its engine says and by what was seen of it."""

from datetime import UTC, datetime, timedelta

import pytest

from local.docker_driver.moment_of_end import moment_of_end
from local.supervisor.task_clock import machine_time

A_WHILE = 30.0


def said(seconds_ago: float) -> dict[str, str]:
    moment = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return {"FinishedAt": moment.isoformat().replace("+00:00", "123Z")}  # in nanoseconds, as engines write it


def test_it_is_when_the_engine_says_if_it_was_known_to_run_before() -> None:
    now = machine_time()

    assert moment_of_end(said(A_WHILE), now - 2 * A_WHILE) == pytest.approx(now - A_WHILE, abs=A_WHILE / 2)


@pytest.mark.parametrize("state", [{"FinishedAt": "0001-01-01T00:00:00Z"}, {"FinishedAt": ""}, {}])
def test_without_a_word_it_is_when_it_was_seen(state: dict[str, str]) -> None:
    now = machine_time()

    assert moment_of_end(state, now - 2 * A_WHILE) >= now


@pytest.mark.parametrize("seconds_ago", [3 * A_WHILE, -A_WHILE], ids=["behind", "ahead"])
def test_so_it_is_by_a_clock_that_is_wrong(seconds_ago: float) -> None:
    now = machine_time()

    assert moment_of_end(said(seconds_ago), now - 2 * A_WHILE) >= now
