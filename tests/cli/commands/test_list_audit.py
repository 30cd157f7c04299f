"""`tapit list audit`: who did what, on a real home; and what only a scripted one has."""

import json
import re
from typing import Any

import pytest
from tapit.commands import list_audit

from tests.cli.at_a_terminal import run_at_a_terminal
from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import Asked, Says
from tests.home_process import HomeProcess


@pytest.fixture
def owner(place: Place, home: HomeProcess) -> Place:
    """A place that reaches the home as its owner, over TCP."""
    place.env |= {"TAPIT_URL": home.url, "TAPIT_TOKEN": home.token}
    return place


def an_entry(number: int = 1, **fields: Any) -> dict[str, Any]:
    entry = {
        "id": f"e{number}",
        "time": "2026-11-24T01:50:03.000Z",
        "app": "shop",
        "by": "alice",
        "what": "app.changed",
        "target": "shop",
        "details": {"changed": ["cpu", "limits.max_cpu"], "paused": False, "was": None},
    }
    return entry | fields


def a_home_with(*pages: list[dict[str, Any]]) -> Any:
    def answer(asked: Asked) -> Says:
        at = int(asked.query.get("cursor", 0))
        return Says({"items": pages[at], "next": str(at + 1) if at + 1 < len(pages) else None})

    return answer


def test_what_was_done_is_listed_for_people_and_for_scripts(owner: Place, app: str) -> None:
    me = json.loads(owner.run("whoami").stdout)["name"]
    task_id = owner.run("-a", app, "create", "task", "sleep 60", "-o", "id").stdout.strip()
    owner.run("-a", app, "stop", task_id)
    owner.run("set", "app", f"name={app}", "env=PASSWORD=sesame-open-up")

    rows = owner.run("list", "audit", f"app={app}", "-o", "table").stdout
    entries = json.loads(owner.run("list", "audit", "-a", app).stdout)

    changed, stopped, created = [line.split() for line in rows.splitlines()[1:]]
    assert changed[1:] == ["app.changed", app, me, app, "changed=environment.PASSWORD"]
    assert stopped[1:4] == ["task.stopped", task_id, me]
    assert created[1:3] == ["app.created", app]
    assert [entry["what"] for entry in entries] == ["app.changed", "task.stopped", "app.created"]
    assert "sesame" not in rows + json.dumps(entries)


def test_what_did_not_change_is_not_told(place: Place, home_that: HomeThat) -> None:
    """As when an app goes back to earlier secrets: nothing of it has another name."""
    home_that(a_home_with([an_entry(1, details={"changed": [], "secrets_version": 3})]))

    _, row = place.run("list", "audit", "-o", "table").stdout.splitlines()

    assert row.split()[5:] == ["secrets_version=3"]


def test_it_is_narrowed_down_by_whom_what_and_when(owner: Place, app: str) -> None:
    made = json.loads(owner.run("create", "token", "name=narrow", "role=admin", "-o", "json").stdout)
    owner.run("set", "app", f"name={app}", "memory=2", TAPIT_TOKEN=made["token"])

    def targets(*words: str) -> list[str]:
        return [entry["target"] for entry in json.loads(owner.run("list", "audit", *words).stdout)]

    assert targets("by=narrow") == targets("by=narrow", "what=App.Changed", "since=1h") == [app]
    assert targets("by=narrow", "what=app.deleted") == []
    assert targets("by=narrow", "since=2031-01-01T00:00:00Z") == []
    assert targets("what=token.created", "limit=1") == ["narrow"]


def test_whoever_is_no_admin_is_told_what_it_takes(owner: Place) -> None:
    made = json.loads(owner.run("create", "token", "name=peeker", "role=viewer", "-o", "json").stdout)

    done = owner.run("list", "audit", TAPIT_TOKEN=made["token"])

    assert (done.returncode, done.stdout) == (4, "")
    assert "error: This takes the role admin; token peeker is a viewer's." in done.stderr


def test_the_app_of_a_profile_narrows_nothing_down(place: Place, home_that: HomeThat) -> None:
    home = home_that(a_home_with([an_entry()]))

    place.run("list", "audit", TAPIT_APP="shop")
    place.run("list", "audit", "app=shop")

    assert [asked.query.get("app") for asked in home.asked] == [None, "shop"]


def test_pages_with_nothing_in_them_are_passed_by(place: Place, home_that: HomeThat) -> None:
    home_that(a_home_with([], [an_entry(1)], [], [], [an_entry(2)]))

    done = place.run("list", "audit", "by=alice", "-o", "id")

    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["e1", "e2"], "")


def test_a_list_that_never_gets_on_is_given_up(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _: Says({"items": [], "next": "1"}))

    done = place.run("list", "audit")

    assert done.returncode == 5


def test_more_is_pointed_at(place: Place, home_that: HomeThat) -> None:
    home_that(a_home_with([an_entry(number) for number in range(50)], [an_entry(51)]))

    done = place.run("list", "audit", "-a", "shop", "by=alice", "what=app.changed")

    assert done.stderr == "more: tapit -a shop list audit by=alice what=app.changed --all\n"
    assert len(place.run("list", "audit", "--all", "-o", "id").stdout.split()) == 51


def test_none_is_said_in_words(place: Place, home_that: HomeThat) -> None:
    home_that(a_home_with([]))

    assert place.run("list", "audit", "-o", "table").stderr == "No entries yet.\n"
    assert place.run("list", "audit", "by=nobody", "-o", "table").stderr == "No such entries.\n"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("what=task.stoped", "did you mean what=task.stopped?"),
        ("since=yesterday", "since=yesterday is not a time"),
        ("limit=0", "limit=0 is out of range"),
    ],
)
def test_what_cannot_be_is_refused_before_any_request(
    place: Place, home_that: HomeThat, word: str, said: str
) -> None:
    home = home_that(a_home_with([]))

    done = place.run("list", "audit", word)

    assert (done.returncode, home.asked) == (2, [])
    assert said in done.stderr


def test_at_a_terminal_it_fits(place: Place, home_that: HomeThat) -> None:
    home_that(a_home_with([an_entry(app=None, what="budget.changed", details={"new": {"a": 1}})]))

    screen = run_at_a_terminal(place, "list", "audit").text

    assert "budget.changed" in screen
    assert " ago" in screen


def test_what_does_not_fit_is_said_to_be_somewhere(place: Place, home_that: HomeThat) -> None:
    home_that(a_home_with([an_entry(details={"changed": [f"environment.VARIABLE_{n}" for n in range(9)]})]))

    narrow = run_at_a_terminal(place, "list", "audit", "by=alice", columns=80)
    wide = run_at_a_terminal(place, "list", "audit", "by=alice", columns=400)

    assert narrow.text.splitlines()[-1] == "There is more than fits here: tapit list audit by=alice -o json"
    assert "VARIABLE_8" not in narrow.text
    assert "VARIABLE_8" in wide.text
    assert "fits here" not in wide.text


def test_its_help_says_all_that_it_can_be_narrowed_down_by(place: Place) -> None:
    page = place.run("list", "audit", "--help").stdout

    keys = page.partition("Keys (")[2].partition("Options:")[0]
    named = re.findall(r"^  ([a-z]+)=", keys, re.MULTILINE)
    assert named == ["app", "limit", "by", "what", "since"]
    assert all(what in page for what in list_audit.WHAT)


@pytest.mark.parametrize("words", [["app=shop"], ["-a", "shop"], ["--app", "shop"]])
def test_the_app_is_said_in_every_way(words: list[str], place: Place, home_that: HomeThat) -> None:
    home = home_that(a_home_with([]))

    assert place.run("list", "audit", *words).returncode == 0
    assert home.asked[0].query["app"] == "shop"
    assert place.run("__complete", "list", "audit", "ap").stdout.count("app=") == 1
