"""`tapit list events`: what became of tasks, oldest first, the newest ones where there are many."""

import json
from typing import Any

import pytest

from tests.cli.at_a_terminal import run_at_a_terminal
from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import Asked, Says, a_paused_schedule, a_paused_subscription, a_task_event


def a_feed(*events: dict[str, Any]) -> Any:
    """A home that has these, and gives them in pages of three."""

    def answer(asked: Asked) -> Says:
        first = int(asked.query.get("after", max(0, len(events) - int(asked.query.get("tail", 1000)))))
        page = events[first : first + 3]
        return Says({"items": page, "next": str(first + len(page)), "poll_after": 0})

    return answer


def many(count: int) -> list[dict[str, Any]]:
    return [a_task_event("RUNNING", event_id=f"e{number}") for number in range(count)]


def test_a_script_gets_the_events_as_they_are(place: Place, home_that: HomeThat) -> None:
    events = [a_task_event("PENDING", previous=None), a_task_event("RUNNING")]
    home_that(a_feed(*events))

    result = place.run("list", "events")

    assert (result.returncode, json.loads(result.stdout), result.stderr) == (0, events, "")


def test_the_newest_fifty_are_shown_and_all_are_pointed_at(place: Place, home_that: HomeThat) -> None:
    home_that(a_feed(*many(60)))

    result = place.run("list", "events", "-a", "shop", "since=2026-11-24T01:00:00Z")

    assert [event["id"] for event in json.loads(result.stdout)] == [f"e{number}" for number in range(10, 60)]
    assert result.stderr == "earlier: tapit -a shop list events since=2026-11-24T01:00:00.000Z --all\n"


def test_all_are_all(place: Place, home_that: HomeThat) -> None:
    home_that(a_feed(*many(70)))

    result = place.run("list", "events", "--all", "-o", "id")

    assert result.stdout.split() == [f"e{number}" for number in range(70)]
    assert result.stderr == ""


def test_so_many_are_asked_for_since_then(place: Place, home_that: HomeThat) -> None:
    home = home_that(a_feed(*many(9)))

    result = place.run("list", "events", "limit=4", "since=2026-11-24T01:00:00Z", "-o", "id")

    assert result.stdout.split() == ["e5", "e6", "e7", "e8"]
    assert home.asked[0].path == "/apps/demo/events"
    assert home.asked[0].query == {"since": "2026-11-24T01:00:00.000Z", "tail": "5", "limit": "100"}


def test_a_row_says_what_has_become_of_which_task_and_why(place: Place, home_that: HomeThat) -> None:
    diagnosis = {"what": "It ran out of memory.", "next": "Give it more."}
    home_that(
        a_feed(
            a_task_event("PENDING", previous=None, waiting_for="room in the cluster"),
            a_task_event("SUCCEEDED", started_at=None, exit_code=0),
            a_task_event(
                "FAILED",
                exit_code=137,
                stopped_at="2026-11-24T01:50:04.000Z",
                diagnosis=diagnosis,
                command="echo one\necho two",
            ),
            a_paused_subscription("hooks", "no answer for a day"),
            a_paused_schedule("nightly", "Its last 3 runs failed."),
        )
    )

    result = place.run("list", "events", "-o", "table")

    head, *rows = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert head == "TIME ABOUT STATUS WAS WHAT"
    assert [row.partition(" ")[2] for row in rows] == [
        "1jd3m8k7x2qf PENDING - waiting for room in the cluster: echo hi",
        "1jd3m8k7x2qf SUCCEEDED STARTING echo hi",
        "1jd3m8k7x2qf FAILED (137) STARTING after 3s, It ran out of memory: echo one echo two",
        "hooks PAUSED - no answer for a day",
        "nightly PAUSED - Its last 3 runs failed.",
    ]


@pytest.mark.parametrize("columns", [40, 50, 60, 100])
def test_no_row_is_wider_than_the_terminal(columns: int, place: Place, home_that: HomeThat) -> None:
    home_that(a_feed(a_task_event("TIMED_OUT", exit_code=137, command="x" * 200)))

    lines = run_at_a_terminal(place, "list", "events", columns=columns).text.splitlines()

    assert len(lines) == 2
    assert max(map(len, lines)) <= columns


def test_nothing_is_said_to_be_nothing(place: Place, home_that: HomeThat) -> None:
    home_that(a_feed())

    assert place.run("list", "events").stderr == "No events within seven days.\n"
    assert place.run("list", "events", "since=2h").stderr == "No such events.\n"


def test_all_and_so_many_are_a_contradiction(place: Place, home_that: HomeThat) -> None:
    home = home_that(a_feed())

    result = place.run("list", "events", "--all", "limit=3")

    assert (result.returncode, home.asked) == (2, [])


def test_the_real_home_tells_of_a_whole_life(machine: Place) -> None:
    assert machine.run("create", "task", "exit 7", "-w").returncode == 7

    events = json.loads(machine.run("list", "events").stdout)

    assert [event["status"] for event in events][:1] == ["PENDING"]
    assert (events[-1]["status"], events[-1]["task"]["exit_code"]) == ("FAILED", 7)
    assert json.loads(machine.run("list", "events", "since=2100-01-01T00:00:00Z").stdout) == []
