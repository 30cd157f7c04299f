"""`tapit logs`: lines as they were printed."""

import json

import pytest

from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import (
    TASK_ID,
    Says,
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
