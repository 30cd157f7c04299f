"""A task's row in the list, for a person and for a script."""

import json

from tests.cli.at_a_terminal import run_at_a_terminal
from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import (
    TASK_ID,
    a_finished_task,
    a_list,
    a_task,
)


def test_a_pipe_gets_json(place: Place, home_that: HomeThat) -> None:
    home_that(a_list(a_task(), a_task()))

    assert [task["id"] for task in json.loads(place.run("list", "tasks").stdout)] == [TASK_ID, TASK_ID]


def test_a_table_has_the_documented_columns(place: Place, home_that: HomeThat) -> None:
    home_that(a_list(a_finished_task(137, docker_tag="v1.2.3", initiated_by="john.doe", command="a  b\nc")))

    header, row = place.run("list", "tasks", "-o", "table").stdout.splitlines()

    assert header.split() == ["ID", "STATUS", "CREATED", "RAN", "CPU/MEM", "DOCKER", "TAG", "BY", "COMMAND"]
    created = "2026-11-24T01:50:00.000Z"
    assert row == f"{TASK_ID}  FAILED (137)  {created}  3s   0.25/0.5  v1.2.3      alice for john.doe  a b c"


def test_who_did_it_is_the_verified_name_and_whom_it_claims_to_act_for(
    place: Place, home_that: HomeThat
) -> None:
    ci = "arn:aws:sts::123456789012:assumed-role/deploy-shop/run-1"
    people = [("alice", None), ("alice", "alice"), (ci, "bob"), (ci, None)]
    home_that(a_list(*(a_task(created_by=by, initiated_by=claimed) for by, claimed in people)))

    rows = place.run("list", "tasks", "-o", "table").stdout.splitlines()[1:]

    assert [row.split("  echo hi")[0].split("-  ")[-1].strip() for row in rows] == [
        "alice",
        "alice",
        "deploy-shop/run-1 for bob",
        "deploy-shop/run-1",
    ]


def test_a_terminal_gets_relative_times_and_colours(place: Place, home_that: HomeThat) -> None:
    home_that(a_list(a_task()))

    screen = run_at_a_terminal(place, "list", "tasks")

    assert " ago " in screen.text
    assert "\x1b[32mRUNNING\x1b[0m" in screen.raw


def test_a_task_that_waits_says_for_what_before_its_command(place: Place, home_that: HomeThat) -> None:
    waiting = a_task(status="PENDING", waiting_for="lock migrate, held by 1jd3m8k7x2qg")
    home_that(a_list(waiting, a_task()))

    rows = place.run("list", "tasks", "-o", "table").stdout.splitlines()[1:]

    assert rows[0].endswith("  waiting for lock migrate, held by 1jd3m8k7x2qg: echo hi")
    assert rows[1].endswith("  echo hi")


def test_where_it_is_narrow_whom_a_task_waits_for_is_of_more_use_than_its_size(
    place: Place, home_that: HomeThat
) -> None:
    waiting = a_task(status="PENDING", waiting_for="lock migrate, held by 1jd3m8k7x2qg")
    home_that(a_list(waiting, a_task()))

    rows = run_at_a_terminal(place, "list", "tasks", columns=80).text.splitlines()[1:]

    assert "waiting for lock migrate, held by 1jd3m8k7x2qg" in rows[0]
    assert run_at_a_terminal(place, "list", "tasks", columns=55).text.splitlines()[0].endswith("COMMAND")
