"""`tapit logs`: lines as they were printed."""

import json

import pytest

from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import (
    TASK_ID,
    Says,
    a_finished_task,
    some_lines,
)


def test_output_is_printed_raw_into_a_pipe(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says(some_lines("\x1b[31mred", "plain", status="SUCCEEDED", complete=True)))

    assert place.run("logs", TASK_ID).stdout == "\x1b[31mred\nplain\n"
    assert place.run("logs", TASK_ID, "--timestamps").stdout.startswith(
        "2026-11-24T01:50:02.000Z \x1b[31mred\n"
    )
    assert json.loads(place.run("logs", TASK_ID, "-o", "json").stdout.splitlines()[1])["message"] == "plain"


def test_logs_of_a_running_task_say_how_to_follow(place: Place, home_that: HomeThat) -> None:
    pages = iter([some_lines("one"), some_lines()])
    home_that(lambda _asked: Says(next(pages)))

    result = place.run("logs", TASK_ID)

    assert result.stdout == "one\n"
    assert f"tapit logs -f task={TASK_ID}" in result.stderr


@pytest.mark.parametrize("flag", [[], ["-f"]])
def test_a_task_that_failed_without_a_word_says_why(
    place: Place, home_that: HomeThat, flag: list[str]
) -> None:
    diagnosis = {"what": "It never started: no such image", "next": "Build it."}
    failed = a_finished_task(None, status="FAILED", diagnosis=diagnosis)
    silence = some_lines(status="FAILED", complete=True)
    home_that(lambda asked: Says(silence if asked.path.endswith("/logs") else failed))

    result = place.run("logs", TASK_ID, *flag)

    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == (
        "The task printed nothing.\n"
        f"{TASK_ID} never started: no such image\n"
        "  → Build it.\n"
        f"  more:     tapit show task task={TASK_ID}\n"
    )


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED"])
def test_logs_of_a_command_in_a_session_say_that_they_are_not_kept(
    status: str, place: Place, home_that: HomeThat
) -> None:
    page = some_lines(status=status, complete=status == "SUCCEEDED") | {"attached": True}
    home_that(lambda _asked: Says(page))

    result = place.run("logs", TASK_ID)

    assert (result.returncode, result.stdout) == (0, "")
    assert "what a session shows is not kept" in result.stderr
    assert "printed nothing" not in result.stderr


def test_following_a_command_in_a_session_says_so_at_once(place: Place, home_that: HomeThat) -> None:
    pages = iter([some_lines(), some_lines(status="SUCCEEDED", complete=True)])
    home_that(lambda _asked: Says(next(pages) | {"attached": True}))

    assert place.run("logs", TASK_ID, "-f").stderr.count("what a session shows is not kept") == 1


def test_following_ends_when_nobody_reads_it_though_nothing_more_is_printed(machine: Place) -> None:
    task_id = machine.run("-o", "id", "create", "task", "echo one; exec sleep 1000").stdout.strip()
    following = machine.start("logs", task_id, "-f")
    assert following.stdout is not None
    assert following.stderr is not None
    assert following.stdout.readline() == "one\n"
    following.stdout.close()

    assert (following.wait(30), following.stderr.read()) == (141, "")
    machine.run("stop", f"task={task_id}")
