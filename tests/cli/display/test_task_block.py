"""Everything known about a task, as a block of lines."""

import json
import re
from uuid import uuid4

import pytest

from chalicelib.domain.diagnosis import EndedBy, diagnose
from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import (
    TASK_ID,
    Says,
    a_finished_task,
    a_task,
    some_lines,
)


def test_show_tells_everything_about_a_failure(place: Place, home_that: HomeThat) -> None:
    failed = a_finished_task(
        137,
        command="first\nsecond",
        initiated_by="john.doe",
        image="repo/shop:1",
        user="app",
        pull="always",
        driver="docker",
        tags={"ticket": "OPS-7", "release": "42"},
        ended_by="out_of_memory",
        reason="OutOfMemoryError: container killed",
        diagnosis={"what": "It used 0.5 of 0.5 GB.", "next": "Give it more: memory=1"},
        lost_output_bytes=4096,
        history=[{"status": "FAILED", "time": "2026-11-24T01:50:04.000Z", "why": "OOM"}],
    )
    home_that(lambda asked: Says(some_lines("boom", "bang") if asked.path.endswith("/logs") else failed))

    told = place.run("show", "task", "x", "-o", "table").stdout.splitlines()

    for line in (
        f"Task:        {TASK_ID}",
        "Status:      FAILED (137)",
        "Command:     first",
        "             second",
        "Exit code:   137 (killed by SIGKILL)",
        "Ended by:    a lack of memory",
        "Why:         It used 0.5 of 0.5 GB.",
        "What to do:  Give it more: memory=1",
        "Lost output: 4,096 bytes could not be kept",
        "By:          john.doe (claimed), alice (verified)",
        "Size:        0.25 vCPU, 0.5 GB memory, 20 GB disk",
        "Runs as:     a container",
        "Image:       repo/shop:1",
        "Pull:        always",
        "User:        app",
        "Tags:        release:42, ticket:OPS-7",
        "Ran:         3s",
        "Cost:        about $0.0004, at most $0.29 (Fargate list price, us-east-1, Linux/x86)",
        "History:     2026-11-24T01:50:04.000Z  FAILED  OOM",
        "Output:      boom",
        "             bang",
        f"Next:        tapit logs task={TASK_ID}",
    ):
        assert line in told
    assert any(line.startswith("Stopped:") and line.endswith("(2026-11-24T01:50:04.000Z)") for line in told)


@pytest.mark.parametrize(
    ("said", "is_shown"),
    [
        ({"reason": "Essential container in task exited"}, False),
        ({"reason": "Essential container in task exited: killed by the agent"}, True),
        ({"ended_by": "start_failure", "reason": "no such image"}, False),
        ({"ended_by": "out_of_memory", "reason": "OutOfMemoryError: container killed"}, False),
        (
            {"ended_by": "user", "reason": "stopped by ann", "stop_cause": {"kind": "user", "by": "ann"}},
            False,
        ),
        ({"ended_by": "user", "reason": "stopped in the console"}, True),
    ],
)
def test_show_repeats_nothing_as_a_reason(
    place: Place, home_that: HomeThat, said: dict[str, object], *, is_shown: bool
) -> None:
    diagnosis = {"what": "It never started: no such image", "next": "Mend that."}
    home_that(lambda _: Says(a_finished_task(1, diagnosis=diagnosis, **said) | some_lines()))

    told = place.run("show", "task", "x", "-o", "table").stdout

    assert (f"Reason:      {said['reason']}" in told) is is_shown


def test_show_does_not_say_of_what_never_started_that_it_ran(place: Place, home_that: HomeThat) -> None:
    diagnosis = {"what": "It never started: /bin/sh: no such file in the image", "next": "Use another."}
    failed = a_finished_task(None, status="FAILED", ended_by="start_failure", diagnosis=diagnosis)
    home_that(lambda _: Says(failed | some_lines(status="FAILED")))

    told = place.run("show", "task", "x", "-o", "table").stdout

    assert failed["started_at"] is not None
    assert "Stopped:" in told
    assert "Started:" not in told
    assert "Ran:" not in told


def test_show_names_the_image_that_ran(place: Place, home_that: HomeThat) -> None:
    task = a_finished_task(0, image=None, docker_tag="9", driver="docker", image_used="repo/shop:9")
    home_that(lambda _: Says(task))

    told = place.run("show", "task", "x", "-o", "table").stdout.splitlines()

    assert "Image:       repo/shop:9" in told


def test_show_does_not_point_at_the_output_that_follows(place: Place, home_that: HomeThat) -> None:
    """In the home's own words, lest the two drift apart."""
    diagnosis = diagnose(EndedBy.EXIT, exit_code=7, reason=None, memory=1, max_hours=None, by=None)
    assert diagnosis is not None
    failed = a_finished_task(7, diagnosis=diagnosis.model_dump())
    home_that(lambda asked: Says(some_lines("boom") if asked.path.endswith("/logs") else failed))

    told = place.run("show", "task", "x", "-o", "table").stdout

    assert "Why:         The command failed with exit code 7.\n" in told
    assert "Look at the end" not in told
    assert "What to do" not in told
    assert "Output:      boom\n" in told


def test_show_tells_how_much_time_is_left(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says(a_task(deadline="2126-11-24T01:50:00.000Z", waiting_for="capacity")))

    told = place.run("show", "task", "x", "-o", "table").stdout

    assert "Status:      RUNNING, waiting for capacity" in told
    assert " left (2126-11-24T01:50:00.000Z)" in told
    assert f"tapit set task task={TASK_ID} max_hours=8" in told


def test_who_else_was_in_a_session_is_shown(place: Place, home_that: HomeThat) -> None:
    at = {"opened_at": "2026-11-24T01:50:00.000Z", "ended_at": "2026-11-24T01:50:09.000Z", "command": "bash"}
    sessions = [
        {**at, "id": "s1", "opened_by": "ann", "exit_code": 0, "resumed_by": "ann", "ended_by": "ann"},
        {**at, "id": "s2", "opened_by": "ann", "exit_code": None, "resumed_by": "bob", "ended_by": "root"},
    ]
    home_that(lambda _asked: Says(a_task(status="RUNNING", sessions=sessions)))

    told = place.run("show", "task", "x", "-o", "table").stdout

    assert "ann  9s (exit code 0)  bash" in told
    assert "ann  9s (left, resumed by bob, ended by root)  bash" in told


def test_a_task_that_waits_for_a_lock_says_so_and_which_it_is(place: Place, home_that: HomeThat) -> None:
    waiting = a_task(
        status="PENDING",
        lock="migrate",
        if_locked="replace",
        waiting_for="lock migrate, held by 1jd3m8k7x2qg",
        waits_until="2126-11-24T02:50:00.000Z",
    )
    home_that(lambda _asked: Says(waiting))

    told = place.run("show", "task", "x", "-o", "table").stdout

    assert "Status:      PENDING, waiting for lock migrate, held by 1jd3m8k7x2qg\n" in told
    assert re.search(r"^Gives up: +in .*\(2126-11-24T02:50:00\.000Z\)$", told, re.MULTILINE)
    assert "Lock:        migrate (if_locked=replace)\n" in told


def test_a_task_of_a_schedule_leads_to_it_and_its_lock_is_no_word_of_anybodys(
    place: Place, home_that: HomeThat
) -> None:
    run = a_task(created_by="schedule:nightly", lock="schedule:nightly", if_locked="refuse", app="shop")
    home_that(lambda _asked: Says(run))

    told = place.run("show", "task", "x", "-o", "table").stdout

    assert "Lock:        the one that runs of schedule nightly have in common\n" in told
    assert "tapit -a shop show schedule name=nightly    its schedule\n" in told


@pytest.mark.parametrize(
    ("role", "verbs"),
    [
        ("viewer", ["logs", "wait"]),
        ("operator", ["shell", "logs", "wait", "set", "stop"]),
        (None, ["shell", "logs", "wait", "set", "stop"]),
    ],
)
def test_nobody_is_sent_to_do_what_their_token_may_not(
    role: str | None, verbs: list[str], place: Place, home_that: HomeThat
) -> None:
    told = {} if role is None else {"Tapit-Role": role}
    home_that(lambda _asked: Says(a_task(interactive=True), headers=told))

    block = place.run("show", "task", TASK_ID, "-o", "table").stdout

    lines = block.partition("Next:")[2].splitlines()
    assert [line.split()[1] for line in lines if line.strip()] == verbs


def test_a_viewer_of_a_real_home_is_shown_what_it_may_do(machine: Place) -> None:
    made = json.loads(machine.run("create", "token", "role=viewer", f"name=v-{uuid4().hex[:8]}").stdout)
    task_id = machine.run("create", "task", "sleep 60", "-o", "id").stdout.strip()

    seen = {
        token: machine.run("show", "task", task_id, "-o", "table", TAPIT_TOKEN=token).stdout
        for token in (made["token"], "")
    }

    assert "tapit stop" not in seen[made["token"]]
    assert "tapit logs -f" in seen[made["token"]]
    assert "tapit stop" in seen[""]
    none = machine.run("list", "subscriptions", TAPIT_TOKEN=made["token"])
    assert none.returncode == 4
    app = machine.run("show", "app", "-o", "table", TAPIT_TOKEN=made["token"]).stdout
    assert "create task" not in app
    assert "list tasks" in app
    assert machine.run("stop", task_id).returncode == 0
