"""An app's feed over HTTP."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from chalicelib.domain.status import Status
from chalicelib.domain.token import Rights, Role, new_token
from chalicelib.http.cursor import seal
from tests.home_in_process import HomeInProcess


@pytest.fixture
def app(inside: HomeInProcess) -> str:
    return inside.new_app(environment={"PASSWORD": "sesame-open-up"})


def feed(inside: HomeInProcess, app: str, **query: Any) -> Any:
    answer = inside.ask("GET", f"/apps/{app}/events", query=query)
    assert answer.status == 200, answer.text
    return answer.json


def told(page: Any) -> list[tuple[str, str]]:
    return [(event["task_id"], event["status"]) for event in page["items"]]


def end(inside: HomeInProcess, task_id: str) -> None:
    assert inside.ask("POST", f"/tasks/{task_id}/stop").json["status"] == "STOPPED"


def test_every_change_of_status_is_told_oldest_first(inside: HomeInProcess, app: str) -> None:
    one, other = inside.new_task(app)["id"], inside.new_task(app)["id"]
    end(inside, one)

    page = feed(inside, app)

    assert told(page) == [(one, "PENDING"), (other, "PENDING"), (one, "STOPPED")]
    assert [event["previous_status"] for event in page["items"]] == [None, None, "PENDING"]


def test_an_event_holds_the_task_as_it_was_shown_then(inside: HomeInProcess, app: str) -> None:
    task = inside.new_task(app, environment={"TOKEN": "sesame-open-up"})

    (event,) = feed(inside, app)["items"]

    of_now = ("tries", "waits_until", "notes", "poll_after")  # what changes without news
    of_the_home = ("driver", "image_used")  # no business of whoever hears of tasks
    shown = {name: value for name, value in task.items() if name not in of_now + of_the_home}
    assert event["task"] == shown
    assert "sesame" not in json.dumps(event)


def test_a_reader_goes_on_where_it_stopped_and_misses_nothing(inside: HomeInProcess, app: str) -> None:
    created = [inside.new_task(app)["id"] for _ in range(5)]
    seen: list[tuple[str, str]] = []
    page = feed(inside, app, limit=2)
    while page["items"]:
        seen += told(page)
        page = feed(inside, app, limit=2, after=page["next"])
    end(inside, created[0])

    seen += told(feed(inside, app, after=page["next"]))

    assert seen == [*((task_id, "PENDING") for task_id in created), (created[0], "STOPPED")]


def test_the_feed_of_an_app_that_did_nothing_can_be_followed_all_the_same(
    inside: HomeInProcess, app: str
) -> None:
    empty = feed(inside, app)
    task_id = inside.new_task(app)["id"]

    assert empty["items"] == []
    assert told(feed(inside, app, after=empty["next"])) == [(task_id, "PENDING")]


def test_the_newest_ones_can_be_asked_for_and_what_follows_them(inside: HomeInProcess, app: str) -> None:
    created = [inside.new_task(app)["id"] for _ in range(4)]

    newest, none = feed(inside, app, tail=2), feed(inside, app, tail=0)
    end(inside, created[0])

    assert told(newest) == [(task_id, "PENDING") for task_id in created[2:]]
    assert none["items"] == []
    for page in (newest, none):
        assert told(feed(inside, app, after=page["next"])) == [(created[0], "STOPPED")]


def test_a_feed_can_be_read_from_a_time_on(inside: HomeInProcess, app: str) -> None:
    inside.new_task(app)
    later = inside.new_task(app)
    since = later["history"][0]["time"]

    assert (later["id"], "PENDING") in told(feed(inside, app, since=since))
    assert feed(inside, app, since="2100-01-01T00:00:00Z")["items"] == []
    assert told(feed(inside, app, since="2026-01-01T00:00:00Z", tail=1)) == [(later["id"], "PENDING")]


def test_each_app_has_a_feed_of_its_own(inside: HomeInProcess, app: str) -> None:
    other = inside.new_app()
    inside.new_task(other)

    assert feed(inside, app)["items"] == []


def test_a_cursor_of_another_app_is_refused(inside: HomeInProcess, app: str) -> None:
    cursor = feed(inside, inside.new_app())["next"]

    answer = inside.ask("GET", f"/apps/{app}/events", query={"after": cursor})

    assert (answer.status, answer.json["Fields"]) == (400, {"after": "is not valid here"})


@pytest.mark.parametrize("rights", [Rights(), Rights(role=Role.VIEWER)], ids=["admin", "viewer"])
def test_another_token_goes_on_where_one_stopped(inside: HomeInProcess, app: str, rights: Rights) -> None:
    """Whoever follows a feed for months has its token replaced now and then."""
    inside.new_task(app)
    cursor = feed(inside, app)["next"]
    later = inside.new_task(app)["id"]
    token, text = new_token(f"reader-{later}", rights)
    inside.services.tokens.add(token, inside.services.clock.now())

    answer = inside.ask(
        "GET", f"/apps/{app}/events", query={"after": cursor}, headers={"Authorization": f"Bearer {text}"}
    )

    assert told(answer.json) == [(later, "PENDING")]


@pytest.mark.parametrize("place", ["", "-1", "1.5", "x", "9" * 19, "٣", "1 OR 1"])
def test_a_cursor_with_a_place_that_we_would_not_name_is_refused(
    inside: HomeInProcess, app: str, place: str
) -> None:
    answer = inside.ask("GET", f"/apps/{app}/events", query={"after": seal(None, f"events {app}", place)})

    assert (answer.status, answer.json["Fields"]) == (400, {"after": "is not valid here"})


def test_a_place_far_beyond_the_end_is_followed_by_nothing(inside: HomeInProcess, app: str) -> None:
    cursor = seal(None, f"events {app}", "9" * 18)

    assert feed(inside, app, after=cursor)["items"] == []


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"cursor": "x"}, "cursor is unknown"),
        ({"afer": "x"}, "did you mean after?"),
        ({"wait": 21}, "wait must be less than or equal to 20"),
        ({"limit": 0}, "limit must be greater than or equal to 1"),
        ({"limit": 101}, "limit must be less than or equal to 100"),
        ({"tail": -1}, "tail must be greater than or equal to 0"),
        *(
            ({"since": given}, "since must be a time with its zone, such as 2026-11-24T08:00:00Z.")
            for given in ("yesterday", "2h", "", "2026-11-24T08:00:00", "2026-13-24T08:00:00Z")
        ),
        ({"after": "x", "since": "2026-11-24T08:00:00Z"}, "Give after= or since=, not both."),
        ({"after": "x", "tail": 3}, "Give after= or tail=, not both."),
        ({"tail": 0, "wait": 5}, "Give tail= or wait=, not both."),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    inside: HomeInProcess, app: str, query: dict[str, Any], named: str
) -> None:
    answer = inside.ask("GET", f"/apps/{app}/events", query=query)

    assert answer.status == 400
    assert named in answer.json["Message"]


def test_an_app_that_does_not_exist_has_no_feed(inside: HomeInProcess) -> None:
    answer = inside.ask("GET", "/apps/nobody/events", query={"wait": 5})

    assert (answer.status, answer.json["Code"]) == (404, "AppNotFound")


def test_the_answer_is_as_described_and_nothing_else(inside: HomeInProcess, app: str) -> None:
    end(inside, inside.new_task(app)["id"])
    description = inside.ask("GET", "/openapi.json", headers={"Authorization": ""}).json
    operation = description["paths"]["/apps/{app_name}/events"]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    for part in description["components"]["schemas"].values():
        if "properties" in part:
            part.setdefault("additionalProperties", False)

    page = feed(inside, app)

    Draft202012Validator({**schema, "components": description["components"]}).validate(page)
    assert {event["status"] for event in page["items"]} == {Status.PENDING, Status.STOPPED}
    assert [each["name"] for each in operation["parameters"]] == [
        "app_name",
        "after",
        "since",
        "tail",
        "limit",
        "wait",
    ]
