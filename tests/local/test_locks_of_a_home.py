"""Tasks that run one at a time, at the real server: the next one starts with the end of the one before."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.home_process import HomeProcess
from tests.local.supervisor.supervised_task import until
from tests.local.test_restart import HELD, is_over, let_go

AT_ONCE = timedelta(seconds=20)  # however busy the machine is; the sweep would take a minute for each
FIRST, SECOND = f"echo up; {HELD}; echo first", "echo second"


def started_after(earlier: Any, later: Any) -> timedelta:
    return datetime.fromisoformat(later["started_at"]) - datetime.fromisoformat(earlier["stopped_at"])


def test_the_next_starts_with_the_end_of_the_one_before(home: HomeProcess) -> None:
    app, api = home.new_app(), home.api
    first = api.create(app, FIRST, lock="migrate")["id"]
    api.says(first, "up")
    others = [api.create(app, SECOND, lock="migrate")["id"] for _ in range(3)]
    until(lambda: api.show(others[-1])["waiting_for"] == f"lock migrate, held by {first}")

    let_go(home, first)

    ends = [api.finished(task_id) for task_id in (first, *others)]
    assert [end["status"] for end in ends] == ["SUCCEEDED"] * 4
    assert all(timedelta(0) <= started_after(earlier, later) < AT_ONCE for earlier, later in pairwise(ends))


def test_a_task_that_may_not_wait_is_refused_with_the_name_of_the_holder(home: HomeProcess) -> None:
    app, api = home.new_app(), home.api
    first = api.create(app, FIRST, lock="migrate")["id"]
    body = {"command": SECOND, "lock": "migrate", "if_locked": "refuse"}

    refused = api.ask("POST", f"/apps/{app}/tasks", body)

    assert refused.status == 409
    assert refused.json["Message"] == f"Task {first} of app {app} holds the lock migrate."
    api.says(first, "up")
    let_go(home, first)
    api.finished(first)
    assert api.ask("POST", f"/apps/{app}/tasks", body).status == 201


def test_a_task_that_replaces_ends_the_one_before_and_starts(home: HomeProcess) -> None:
    app, api = home.new_app(), home.api
    first = api.create(app, FIRST, lock="migrate")["id"]
    api.says(first, "up")

    second = api.finished(api.create(app, SECOND, lock="migrate", if_locked="replace")["id"])

    replaced = api.finished(first)
    assert (replaced["status"], replaced["ended_by"]) == ("STOPPED", "replaced")
    assert replaced["stop_cause"]["by"] == second["id"]
    assert second["status"] == "SUCCEEDED"
    assert timedelta(0) <= started_after(replaced, second) < AT_ONCE


def test_a_holder_that_ends_while_the_server_is_dead_hands_its_lock_over_at_the_next_start(
    own_home: HomeProcess,
) -> None:
    app = own_home.new_app()
    first = own_home.api.create(app, FIRST, lock="migrate")["id"]
    own_home.api.says(first, "up")
    second, third = (own_home.api.create(app, SECOND, lock="migrate")["id"] for _ in range(2))

    own_home.kill()
    let_go(own_home, first)
    until(is_over(own_home, first))
    own_home.start()

    ends = [own_home.api.finished(task_id) for task_id in (first, second, third)]
    assert [end["status"] for end in ends] == ["SUCCEEDED"] * 3
    assert started_after(ends[1], ends[2]) >= timedelta(0)


def test_a_lock_outlives_a_crash_of_the_server_with_its_holder(own_home: HomeProcess) -> None:
    app = own_home.new_app()
    first = own_home.api.create(app, FIRST, lock="migrate")["id"]
    own_home.api.says(first, "up")
    second = own_home.api.create(app, SECOND, lock="migrate")["id"]

    own_home.kill()
    own_home.start()

    assert own_home.api.create(app, SECOND, lock="another")["id"]
    until(lambda: own_home.api.show(second)["waiting_for"] == f"lock migrate, held by {first}")
    assert own_home.api.show(second)["status"] == "PENDING"
    let_go(own_home, first)
    assert own_home.api.finished(second)["status"] == "SUCCEEDED"


@pytest.mark.slow
def test_a_hundred_at_once_run_one_after_the_other_though_the_server_is_killed_meanwhile(
    own_home: HomeProcess,
) -> None:
    app = own_home.new_app()
    first = own_home.api.create(app, FIRST, lock="migrate")["id"]
    own_home.api.says(first, "up")
    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(lambda _: own_home.api.create(app, "true", lock="migrate")["id"], range(99)))
    let_go(own_home, first)
    for _ in range(3):
        before = _succeeded(own_home, app)
        until(lambda before=before: _succeeded(own_home, app) > before)  # type: ignore[misc]
        own_home.kill()
        own_home.start()

    ends = [own_home.api.finished(task_id) for task_id in (first, *made)]

    assert {end["status"] for end in ends} == {"SUCCEEDED"}
    in_turn = sorted(ends, key=lambda end: str(end["started_at"]))
    assert all(started_after(earlier, later) >= timedelta(0) for earlier, later in pairwise(in_turn))


def _succeeded(home: HomeProcess, app: str) -> int:
    return len(home.api.get(f"/apps/{app}/tasks", status="SUCCEEDED", limit=100)["items"])
