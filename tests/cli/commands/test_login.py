"""`tapit login`: a token is tried before it is kept."""

import json

import pytest

from tests.cli.at_a_terminal import Terminal
from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import Says, ScriptedHome, a_refusal


def test_login_tries_the_token_before_it_saves_it(place: Place, home_that: HomeThat) -> None:
    me = {"name": "ci", "role": "operator", "apps": ["shop", "blog"], "expires_at": None, "home": "aws"}
    home = home_that(lambda _asked: Says(me))

    result = place.run("login", f"url={home.url}", "--profile", "team", typed="tpt_new_token\n")

    assert result.returncode == 0, result.stderr
    assert "\nYou are ci, an operator of shop and blog.\n" in result.stderr
    assert home.asked[0].headers["Authorization"] == "Bearer tpt_new_token"
    assert json.loads((place.tokens / "team").read_text())["token"] == "tpt_new_token"


def test_a_token_that_is_refused_is_not_saved(place: Place, home_that: HomeThat) -> None:
    home = home_that(lambda _asked: a_refusal(401, "Unauthenticated", "Token ci expired."))

    result = place.run("login", f"url={home.url}", "--profile", "team", typed="tpt_old\n")

    assert (result.returncode, place.tokens.exists()) == (4, False)
    assert "Token ci expired." in result.stderr


@pytest.mark.parametrize("typed", ["", "\n", "two words\n", "x\x1b\n"])
def test_login_refuses_what_is_no_token(typed: str, place: Place, profile_home: ScriptedHome) -> None:
    assert place.run("login", f"url={profile_home.url}", typed=typed).returncode == 2
    assert not place.tokens.exists()


ANN = {"name": "ann", "role": "admin", "apps": None, "expires_at": None, "home": "aws"}


def logged_in(place: Place, home: ScriptedHome, *words: str) -> list[str]:
    done = place.run("login", f"url={home.url}", *words, typed="tpt_new\n")
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


@pytest.mark.parametrize("words", [[], ["--profile", "team"]])
def test_whoever_has_another_profile_in_use_is_told_how_to_use_the_new_one(
    words: list[str], place: Place, home_that: HomeThat
) -> None:
    home = home_that(lambda _asked: Says(ANN))
    for variable in ("TAPIT_URL", "TAPIT_TOKEN"):
        del place.env[variable]
    place.save_profile("local", "http://127.0.0.1:1")
    saved = words[-1] if words else "default"

    said = logged_in(place, home, *words)

    assert said[-3:] == [
        "Commands go on using profile local. To use this one:",
        f"  once:     tapit --profile {saved} ...",
        f"  always:   tapit config set default_profile={saved}",
    ]
    assert place.run("config", "set", f"default_profile={saved}").returncode == 0
    place.run("list", "tasks", "-a", "x")
    assert home.asked[-1].headers["Authorization"] == "Bearer tpt_new"


def test_the_first_profile_is_used_without_a_word(place: Place, home_that: HomeThat) -> None:
    home = home_that(lambda _asked: Says(ANN))
    for variable in ("TAPIT_URL", "TAPIT_TOKEN"):
        del place.env[variable]

    assert logged_in(place, home)[-1] == "You are ann, an admin of every app."


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"TAPIT_URL": "http://127.0.0.1:1"}, "TAPIT_URL is set in this shell, and counts before a profile"),
        ({"TAPIT_TOKEN": "tpt_x"}, "TAPIT_TOKEN is set in this shell, and counts before a profile"),
        ({"TAPIT_PROFILE": "local"}, "Commands go on using profile local."),
    ],
)
def test_what_counts_before_the_new_profile_is_told(
    env: dict[str, str], said: str, place: Place, home_that: HomeThat
) -> None:
    home = home_that(lambda _asked: Says(ANN))
    for variable in ("TAPIT_URL", "TAPIT_TOKEN"):
        del place.env[variable]
    place.env |= env

    assert said in "\n".join(logged_in(place, home))


@pytest.mark.parametrize(
    ("words", "then"),
    [
        (["login"], "tapit login url=https://..."),
        (["login", "--profile", "new"], "tapit login url=https://... --profile new"),
        (["login", "--profile", "new", "--aws"], "tapit login url=https://... --profile new --aws"),
        (["whoami", "--profile", "new"], "tapit login url=https://... --profile new"),
        (["logout"], "tapit login url=https://..."),
    ],
)
def test_a_login_that_is_suggested_for_a_profile_that_is_not_there_has_an_address(
    words: list[str], then: str, place: Place
) -> None:
    result = place.run(*words)

    assert (result.returncode, result.stderr.splitlines()[-1]) == (2, f"  → {then}")


@pytest.mark.parametrize("end", ["?x=1", "/?", "#top", "/api?stage=dev#x"])
def test_an_address_with_a_query_is_not_that_of_a_home(end: str, place: Place) -> None:
    for words in (["login", f"url=https://tapit.example.com{end}"], ["config", "set", f"url=https://x{end}"]):
        result = place.run(*words, typed="tpt_x\n")

        assert (result.returncode, place.tokens.exists()) == (2, False)
        assert "it has no ? and no #" in result.stderr


@pytest.mark.parametrize(
    ("words", "asks"),
    [
        (("login", "--profile", "team"), "Token for {url}: "),
        (("set", "app", "shop", "secret=DB"), "Value of DB (unseen): "),
    ],
)
def test_whoever_thinks_better_of_typing_a_secret_is_left_on_a_new_line(
    words: tuple[str, ...], asks: str, place: Place, home_that: HomeThat
) -> None:
    home = home_that(lambda _asked: Says(ANN))
    place.save_profile("team", home.url)
    asked = asks.format(url=home.url)
    terminal = Terminal(place, words, 120)
    terminal.read_until(lambda text: asked in text)

    terminal.interrupt()

    assert terminal.finish() == 130
    assert terminal.text == f"{asked}\n"
    assert home.asked == []
