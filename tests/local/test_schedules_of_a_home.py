"""Schedules at the real server: fired to the second, also by one that was killed meanwhile."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.home_process import HomeProcess
from tests.local.supervisor.supervised_task import until

SOON = timedelta(seconds=4)  # by then a busy machine has taken the schedule
AT_ONCE = timedelta(seconds=5)  # ... and looked at its clock


def a_schedule(home: HomeProcess, app: str, line: str, at: datetime, **fields: Any) -> None:
    body = {"name": "nightly", "command": line, "at": at.isoformat(), **fields}
    created = home.api.ask("POST", f"/apps/{app}/schedules", body)
    assert created.status == 201, created.text


def shown(home: HomeProcess, app: str) -> Any:
    return home.api.ask("GET", f"/apps/{app}/schedules/nightly").json


def the_run(home: HomeProcess, app: str) -> Any:
    (run,) = until(lambda: shown(home, app)["runs"])
    return run


def test_a_schedule_is_a_task_at_its_time(home: HomeProcess) -> None:
    app, at = home.new_app(), datetime.now(UTC).replace(microsecond=0) + SOON
    a_schedule(home, app, "echo $GREETING; exit 3", at, environment={"GREETING": "hello"})

    task = home.api.finished(the_run(home, app)["task_id"])

    assert timedelta(0) <= datetime.fromisoformat(task["created_at"]) - at < AT_ONCE
    assert (task["status"], task["exit_code"]) == ("FAILED", 3)
    assert task["created_by"] == "schedule:nightly"
    assert (the_run(home, app)["status"], the_run(home, app)["exit_code"]) == ("FAILED", 3)
    assert shown(home, app)["next_run_at"] is None


@pytest.mark.parametrize("missed", ["latest", "skip"])
def test_what_was_due_while_the_server_was_dead_is_made_up_for_if_it_is_to_be(
    own_home: HomeProcess, missed: str
) -> None:
    app, at = own_home.new_app(), datetime.now(UTC).replace(microsecond=0) + SOON
    a_schedule(own_home, app, "true", at, missed=missed)
    own_home.kill()
    until(lambda: datetime.now(UTC) > at)

    own_home.start()

    task = own_home.api.finished(the_run(own_home, app)["task_id"])  # at most two minutes late is on time
    assert task["status"] == "SUCCEEDED"


def test_whenever_the_server_is_killed_one_time_is_one_task(own_home: HomeProcess) -> None:
    app, at = own_home.new_app(), datetime.now(UTC).replace(microsecond=0) + SOON
    a_schedule(own_home, app, "true", at)
    until(lambda: datetime.now(UTC) > at)
    for _ in range(3):
        own_home.kill()
        own_home.start()

    own_home.api.finished(the_run(own_home, app)["task_id"])
    tasks = own_home.api.ask("GET", f"/apps/{app}/tasks?created_by=schedule:nightly").json["items"]
    assert len(tasks) == 1
