"""`tapit list tasks`: page by page, and how to see more."""

import json

import pytest

from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import (
    Asked,
    Says,
    a_list,
    a_task,
)


def test_ids_are_one_a_line(place: Place, home_that: HomeThat) -> None:
    home_that(a_list(a_task(id="a"), a_task(id="b")))

    assert place.run("list", "tasks", "-o", "id").stdout == "a\nb\n"


def test_more_is_pointed_at(place: Place, home_that: HomeThat) -> None:
    home_that(a_list(*[a_task()] * 50, more="c1"))

    result = place.run("list", "tasks")

    assert len(json.loads(result.stdout)) == 50
    assert result.stderr == "more: tapit list tasks --all\n"


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (["status=failed"], "list tasks status=FAILED"),
        (["status=failed,timed-out,FAILED"], "list tasks status=FAILED,TIMED_OUT"),
        (["initiator=John Doe", "-a", "shop"], "-a shop list tasks initiated_by='John Doe'"),
        (["tag=team: data eng"], "list tasks tag='team:data eng'"),
        (["since=2026-11-24T01:00:00Z"], "list tasks since=2026-11-24T01:00:00.000Z"),
    ],
)
def test_more_of_the_same_is_pointed_at(
    words: list[str], typed: str, place: Place, home_that: HomeThat
) -> None:
    home_that(a_list(*[a_task()] * 50, more="c1"))

    assert place.run("list", "tasks", *words).stderr == f"more: tapit {typed} --all\n"


@pytest.mark.parametrize("words", [["limit=50"], ["-o", "id"]])
def test_who_asked_for_so_many_or_for_ids_is_not_told_of_more(
    words: list[str], place: Place, home_that: HomeThat
) -> None:
    home_that(a_list(*[a_task()] * 50, more="c1"))

    assert place.run("list", "tasks", *words).stderr == ""


def test_all_goes_through_every_page(place: Place, home_that: HomeThat) -> None:
    pages = iter([{"items": [a_task()] * 100, "next": "c1"}, {"items": [a_task()] * 5, "next": None}])
    home = home_that(lambda _asked: Says(next(pages)))

    assert len(json.loads(place.run("list", "tasks", "--all", "status=running").stdout)) == 105
    assert [asked.query for asked in home.asked] == [
        {"status": "RUNNING", "limit": "100"},
        {"status": "RUNNING", "limit": "100", "cursor": "c1"},
    ]


def test_a_limit_above_a_page_takes_several(place: Place, home_that: HomeThat) -> None:
    def answers(asked: Asked) -> Says:
        return Says({"items": [a_task()] * int(asked.query["limit"]), "next": f"c{asked.query['limit']}"})

    home = home_that(answers)

    assert len(json.loads(place.run("list", "tasks", "limit=130").stdout)) == 130
    assert [asked.query["limit"] for asked in home.asked] == ["100", "30"]


def test_an_empty_list_says_how_to_begin(place: Place, home_that: HomeThat) -> None:
    home_that(a_list())

    result = place.run("list", "tasks")

    assert (result.returncode, result.stdout) == (0, "[]\n")
    assert result.stderr == "No tasks yet. Start one with: tapit create task 'COMMAND'\n"


def test_several_statuses_are_asked_for_at_once(place: Place, home_that: HomeThat) -> None:
    home = home_that(a_list())

    place.run("list", "tasks", "status=failed,lost")

    assert [asked.query["status"] for asked in home.asked] == ["FAILED,LOST"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["status=FAILED,FAILD"], "did you mean status=FAILED?"),
        (["status=lsot,RUNNING,faild"], "did you mean status=LOST,RUNNING,FAILED?"),
        (["status=FAILED,"], "Write status=one,two."),
        (["status=FAILED", "status=LOST"], "give it once, with commas between"),
    ],
)
def test_what_is_no_list_of_statuses_is_told(words: list[str], told: str, place: Place) -> None:
    result = place.run("list", "tasks", *words)

    assert result.returncode == 2
    assert told in result.stderr
