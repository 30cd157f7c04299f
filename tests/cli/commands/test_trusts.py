"""`tapit create trust`, `list trusts`, `delete trust`: on a home that says what one on AWS would."""

import json
from typing import Any

import pytest

from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import Says, a_refusal
from tests.home_process import HomeProcess

ARN = "arn:aws:iam::123456789012:role/deploy-*"
ADMIN = "arn:aws:sts::123456789012:assumed-role/admins/alice"


def a_trust(**changes: Any) -> dict[str, Any]:
    trust = {
        "name": "deployers",
        "arn": ARN,
        "role": "operator",
        "apps": ["shop"],
        "expires_at": None,
        "created_at": "2026-11-24T01:50:00.000Z",
        "created_by": ADMIN,
    }
    return trust | changes


def test_a_new_trust_is_told_and_what_to_type_then(place: Place, home_that: HomeThat) -> None:
    home = home_that(lambda _asked: Says(a_trust(notes=["There is no app shop yet."]), 201))

    result = place.run(
        "create", "trust", "deployers", f"arn={ARN}", "role=operator", "apps=shop", "expires=90d", "-o", "id"
    )

    assert (result.returncode, result.stdout) == (0, "deployers\n"), result.stderr
    assert home.asked[0].body == {
        "name": "deployers",
        "arn": ARN,
        "role": "operator",
        "apps": ["shop"],
        "expires_in": 90 * 86400.0,
    }
    assert result.stderr.splitlines() == [
        f"Whoever AWS knows as {ARN} may sign in as an operator of shop.",
        "  note: There is no app shop yet.",
        f"  They type: tapit login url={home.url} --aws",
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["name=x", "role=viewer"],
        ["name=x", "arn=deploy", "role=viewer"],
        ["name=x", f"arn={ARN}", "role=boss"],
        ["name=x", f"arn={ARN}", "role=viewer", "-a", "shop"],
    ],
    ids=["no ARN", "none that is one", "no such role", "an app"],
)
def test_what_is_surely_wrong_is_refused_before_any_request(
    place: Place, home_that: HomeThat, words: list[str]
) -> None:
    home = home_that(lambda _asked: Says(a_trust()))

    result = place.run("create", "trust", *words)

    assert (result.returncode, home.asked) == (2, [])


def test_trusts_are_listed_with_who_made_them_in_short(place: Place, home_that: HomeThat) -> None:
    over = a_trust(name="old", apps=None, expires_at="2026-01-01T00:00:00.000Z")
    home_that(lambda _asked: Says({"items": [a_trust(), over], "next": None}))

    table = place.run("list", "trusts", "-o", "table").stdout.splitlines()

    assert table[0].split() == ["NAME", "ROLE", "APPS", "EXPIRES", "MADE", "BY", "ARN"]
    assert table[1].split() == ["deployers", "operator", "shop", "never", "admins/alice", ARN]
    assert table[2].split()[:4] == ["old", "operator", "all", "expired"]
    assert place.run("list", "trusts", "-o", "id").stdout == "deployers\nold\n"
    assert json.loads(place.run("list", "trusts").stdout)[0]["created_by"] == ADMIN


def test_without_trusts_it_is_said_how_to_make_one(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says({"items": [], "next": None}))

    result = place.run("list", "trusts")

    assert (result.returncode, result.stdout) == (0, "[]\n")
    assert "tapit create trust name=deployers" in result.stderr


def test_a_trust_is_deleted_and_one_that_is_gone_is_no_error(place: Place, home_that: HomeThat) -> None:
    answers = iter([Says({"name": "deployers", "removed": True}), a_refusal(404, "TrustNotFound", "No.")])
    home_that(lambda _asked: next(answers))

    first, second = (place.run("delete", "trust", "deployers") for _ in range(2))

    assert [json.loads(each.stdout)["removed"] for each in (first, second)] == [True, False]
    assert (first.returncode, second.returncode) == (0, 0)
    assert "refused within half a minute" in first.stderr


def test_their_names_are_offered(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says({"items": [a_trust()], "next": None}))

    result = place.run("__complete", "delete", "trust", "name=")

    assert result.stdout == f"name=deployers\t{ARN}\n"


@pytest.mark.parametrize(
    "words",
    [["list", "trusts"], ["create", "trust", "ci", f"arn={ARN}", "role=viewer"], ["delete", "trust", "ci"]],
)
def test_a_home_on_one_machine_says_that_it_is_none_for_that(machine: Place, words: list[str]) -> None:
    result = machine.run(*words)

    assert result.returncode == 2
    assert "is for a home on AWS; this one is on one machine" in result.stderr


def test_nobody_signs_in_there_either(place: Place, home: HomeProcess) -> None:
    place.env |= {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLEEXAMPLE00", "AWS_SECRET_ACCESS_KEY": "secret"}

    result = place.run("login", f"url={home.url}", "--aws")

    assert result.returncode == 2
    assert "a home on one machine knows no AWS identities" in result.stderr
