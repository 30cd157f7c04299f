"""`tapit login --aws`: no token is typed, and the one that comes is renewed by itself."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import Asked, Says, ScriptedHome, a_refusal
from tests.home_process import HomeProcess

ALICE = "arn:aws:sts::123456789012:assumed-role/deploy-shop/alice"
SECRET = "wJalrXUtnFEMI-marker"


class Home:
    """Takes the newest token it gave, and no other; each is good for `good_for`."""

    def __init__(self, good_for: timedelta = timedelta(hours=1)) -> None:
        self.good_for = good_for
        self.name = ALICE
        self.given = 0

    def __call__(self, asked: Asked) -> Says:
        if asked.path == "/health":
            return Says({"status": "ok", "home": "aws", "version": "1.0.0"})
        if asked.path == "/login":
            return self._lend()
        if asked.headers.get("Authorization") != f"Bearer tpt_number_{self.given}":
            return a_refusal(401, "Unauthenticated", "That token is over.")
        return Says({"items": [], "next": None})

    def _lend(self) -> Says:
        self.given += 1
        end = (datetime.now(UTC) + self.good_for).isoformat()
        me = {"name": self.name, "role": "operator", "apps": ["shop"], "expires_at": end}
        return Says({**me, "token": f"tpt_number_{self.given}"})


@pytest.fixture
def place(place: Place) -> Place:
    place.env |= {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLEEXAMPLE00", "AWS_SECRET_ACCESS_KEY": SECRET}
    return place


def signed_in(place: Place, home: ScriptedHome) -> Any:
    """Sign in for the profile team, and return what is kept."""
    for variable in ("TAPIT_URL", "TAPIT_TOKEN"):
        del place.env[variable]
    result = place.run("login", f"url={home.url}", "--aws", "--profile", "team")
    assert result.returncode == 0, result.stderr
    return json.loads((place.tokens / "team").read_text())


def test_it_says_who_one_is_and_keeps_the_token_and_no_key(place: Place, home_that: HomeThat) -> None:
    home = home_that(Home())

    kept = signed_in(place, home)

    health, asked = home.asked
    assert (health.method, health.path) == ("GET", "/health")
    assert (asked.method, asked.path) == ("POST", "/login")
    assert all("Authorization" not in each.headers for each in home.asked)
    assert asked.body["home"] == home.url.removeprefix("http://")
    assert asked.body["url"].startswith("https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&")
    assert (kept["token"], kept["aws"]["name"], kept["aws"]["aws_profile"]) == ("tpt_number_1", ALICE, None)
    assert SECRET not in json.dumps([kept, asked.body])
    assert (place.tokens / "team").stat().st_mode & 0o077 == 0


def test_the_next_command_uses_the_token(place: Place, home_that: HomeThat) -> None:
    home = home_that(Home())
    signed_in(place, home)

    result = place.run("list", "tasks", "-a", "shop")

    assert result.returncode == 0, result.stderr
    assert [asked.path for asked in home.asked] == ["/health", "/login", "/apps/shop/tasks"]


def test_a_token_that_is_about_to_be_over_is_renewed_before_it_is_sent(
    place: Place, home_that: HomeThat
) -> None:
    answers = Home(timedelta(seconds=30))
    home = home_that(answers)
    signed_in(place, home)
    answers.good_for = timedelta(hours=1)

    first, second = (place.run("list", "tasks", "-a", "shop") for _ in range(2))

    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert [asked.path for asked in home.asked] == [
        "/health",
        "/login",
        "/login",
        "/apps/shop/tasks",
        "/apps/shop/tasks",
    ]


def test_a_token_that_is_refused_is_renewed_and_the_request_made_again(
    place: Place, home_that: HomeThat
) -> None:
    answers = Home()
    home = home_that(answers)
    signed_in(place, home)
    answers.given = 7  # the home has forgotten the token that is kept

    result = place.run("list", "tasks", "-a", "shop")

    assert result.returncode == 0, result.stderr
    assert [asked.path for asked in home.asked][2:] == ["/apps/shop/tasks", "/login", "/apps/shop/tasks"]
    assert json.loads((place.tokens / "team").read_text())["token"] == "tpt_number_8"


def test_a_renewal_that_helps_nothing_is_not_repeated(place: Place, home_that: HomeThat) -> None:
    lends = Home()
    home = home_that(
        lambda asked: lends(asked) if asked.path == "/login" else a_refusal(401, "Unauthenticated", "No.")
    )
    signed_in(place, home)

    result = place.run("list", "tasks", "-a", "shop")

    assert (result.returncode, len(home.requests("POST"))) == (4, 2)
    assert "tapit login --profile team --aws" in result.stderr


def test_under_another_identity_nothing_is_done_unasked(place: Place, home_that: HomeThat) -> None:
    answers = Home(timedelta(seconds=30))
    home = home_that(answers)
    signed_in(place, home)
    answers.name = ALICE.replace("deploy-shop", "admin")

    result = place.run("list", "tasks", "-a", "shop")

    assert (result.returncode, [asked.path for asked in home.requests("GET")]) == (4, ["/health"])
    assert "AWS knows you as arn:aws:sts::123456789012:assumed-role/admin/alice by now" in result.stderr
    assert json.loads((place.tokens / "team").read_text())["aws"]["name"] == ALICE


def test_another_session_of_the_same_role_goes_on(place: Place, home_that: HomeThat) -> None:
    answers = Home(timedelta(seconds=30))
    home = home_that(answers)
    signed_in(place, home)
    answers.name = ALICE.replace("alice", "run-4711")

    assert place.run("list", "tasks", "-a", "shop").returncode == 0


def test_whoever_has_no_credentials_any_more_is_told_so(place: Place, home_that: HomeThat) -> None:
    home = home_that(Home(timedelta(seconds=30)))
    signed_in(place, home)
    del place.env["AWS_ACCESS_KEY_ID"]
    place.env["PATH"] = "/nowhere"

    result = place.run("list", "tasks", "-a", "shop")

    assert result.returncode == 1
    assert "there are no AWS credentials" in result.stderr


def test_why_a_home_does_not_let_one_in_is_told(place: Place, home_that: HomeThat) -> None:
    home = home_that(
        lambda _asked: a_refusal(
            401, "NotProven", "The AWS identity is not proven.", Hint="Sign another one."
        )
    )

    result = place.run("login", f"url={home.url}", "--aws", "--profile", "team")

    assert (result.returncode, place.tokens.exists()) == (4, False)
    assert result.stderr.splitlines()[0] == "error: The AWS identity is not proven."
    assert "Sign another one." in result.stderr
    assert "It comes from" not in result.stderr


@pytest.mark.parametrize("keys", ["with keys", "without"])
@pytest.mark.parametrize("by", ["port", "socket"])
def test_a_home_on_one_machine_is_asked_first_and_needs_no_aws(
    by: str, keys: str, place: Place, home: HomeProcess
) -> None:
    if keys == "without":
        del place.env["AWS_ACCESS_KEY_ID"], place.env["AWS_SECRET_ACCESS_KEY"]
    url = home.url if by == "port" else home.socket_url

    result = place.run("login", f"url={url}", "--aws", PATH="/nowhere")

    assert (result.returncode, place.tokens.exists()) == (2, False)
    assert result.stderr.splitlines() == [
        "error: a home on one machine knows no AWS identities",
        f"  {url} is one: it knows its owner, and tokens.",
        f"  → tapit login url={url}" if by == "port" else "  → tapit needs no login there",
    ]


def test_a_home_that_does_not_say_what_it_is_is_asked_to_let_one_in(
    place: Place, home_that: HomeThat
) -> None:
    older = Home()
    home = home_that(
        lambda asked: (
            a_refusal(404, "RouteNotFound", "No such route.") if asked.path == "/health" else older(asked)
        )
    )

    assert signed_in(place, home)["token"] == "tpt_number_1"


def test_half_a_key_is_told_of(place: Place, home_that: HomeThat) -> None:
    home = home_that(Home())
    del place.env["AWS_SECRET_ACCESS_KEY"]

    result = place.run("login", f"url={home.url}", "--aws")

    assert (result.returncode, home.requests("POST")) == (1, [])
    assert "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY" in result.stderr


def test_debug_shows_no_secret(place: Place, home_that: HomeThat) -> None:
    home = home_that(Home())

    result = place.run("login", f"url={home.url}", "--aws", "--profile", "team", "--debug")

    assert result.returncode == 0
    assert "POST" in result.stderr
    for secret in (SECRET, "tpt_number_1", "X-Amz-Signature"):
        assert secret not in result.stdout + result.stderr


def test_logging_out_ends_the_renewals(place: Place, home_that: HomeThat) -> None:
    home = home_that(Home())
    signed_in(place, home)

    assert place.run("logout", "--profile", "team").returncode == 0
    assert place.run("list", "tasks", "-a", "shop").returncode != 0
    assert len(home.requests("POST")) == 1


@pytest.mark.parametrize(
    "damage", [{"aws": {}}, {"aws": []}, {"aws": {"name": "x", "expires_at": "soon", "aws_profile": None}}]
)
def test_a_damaged_file_is_told_of(place: Place, home_that: HomeThat, damage: dict[str, Any]) -> None:
    home = home_that(Home())
    kept = signed_in(place, home)
    (place.tokens / "team").write_text(json.dumps(kept | damage))

    result = place.run("list", "tasks", "-a", "shop")

    assert result.returncode == 1
    assert "is damaged" in result.stderr
