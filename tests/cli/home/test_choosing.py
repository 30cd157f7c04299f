"""Which home, which token and which app: what wins."""

from pathlib import Path

import pytest

from tests.cli.conftest import TOKEN, HomeThat, Place
from tests.cli.scripted_home import Says, ScriptedHome, a_refusal


def asked_app(profile_home: ScriptedHome) -> str:
    return profile_home.asked[-1].path.split("/")[2]


def test_without_a_profile_it_says_how_to_get_one(place: Place) -> None:
    result = place.run("list", "tasks")

    assert result.returncode == 2
    assert "tapit-local" in result.stderr
    assert "tapit login" in result.stderr


def test_a_saved_profile_is_all_it_takes(place: Place, profile_home: ScriptedHome) -> None:
    place.save_profile("local", profile_home.url)

    assert place.run("list", "tasks", "-a", "shop").returncode == 0
    assert profile_home.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_the_app_comes_from_the_nearest_source(
    place: Place, profile_home: ScriptedHome, tmp_path: Path
) -> None:
    place.save_profile("local", profile_home.url)
    place.run("config", "set", "app=from-profile")
    inner = tmp_path / "project" / "src"
    inner.mkdir(parents=True)

    place.run("list", "tasks", cwd=inner)
    assert asked_app(profile_home) == "from-profile"
    (tmp_path / "project" / ".tapit.toml").write_text('app = "from-project"')
    place.run("list", "tasks", cwd=inner)
    assert asked_app(profile_home) == "from-project"
    place.run("list", "tasks", cwd=inner, TAPIT_APP="from-env")
    assert asked_app(profile_home) == "from-env"
    place.run("list", "tasks", "-a", "from-flag", cwd=inner, TAPIT_APP="from-env")
    assert asked_app(profile_home) == "from-flag"


def test_without_an_app_it_lists_the_ones_there_are(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says({"items": [{"name": "shop"}, {"name": "blog"}], "next": None}))
    del place.env["TAPIT_APP"]

    result = place.run("create", "task", "x")

    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        "error: no app is chosen",
        "  There are shop, blog.",
        "  → tapit -a shop ...",
        "  → or for good: tapit config set app=shop",
    ]


@pytest.mark.parametrize("words", [["list", "tasks"], ["create", "task", "x"], ["show", "app"]])
def test_an_app_that_is_not_there_is_told_with_what_chose_it(
    words: list[str], place: Place, profile_home: ScriptedHome, home_that: HomeThat, tmp_path: Path
) -> None:
    home = home_that(lambda _asked: a_refusal(404, "AppNotFound", "There is no app nosuch."))
    for variable in ("TAPIT_URL", "TAPIT_TOKEN", "TAPIT_APP"):
        del place.env[variable]
    place.save_profile("local", home.url)
    place.run("config", "set", "app=nosuch")
    inner = tmp_path / "project"
    inner.mkdir()

    assert "\n  profile local chose it.\n" in place.run(*words, cwd=inner).stderr
    (inner / ".tapit.toml").write_text('app = "nosuch"')
    assert f"\n  {inner}/.tapit.toml chose it.\n" in place.run(*words, cwd=inner).stderr
    assert "\n  TAPIT_APP chose it.\n" in place.run(*words, cwd=inner, TAPIT_APP="nosuch").stderr
    assert (
        "\n  -a chose it.\n" in place.run(*words, "-a", "nosuch", cwd=inner).stderr
        if words[-1] != "x"
        else True
    )


def test_an_app_named_for_a_command_alone_was_chosen_by_nothing(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: a_refusal(404, "AppNotFound", "There is no app nosuch."))

    assert "chose it" not in place.run("show", "app", "name=nosuch").stderr


def test_another_url_gets_neither_token_nor_app_of_the_profile(
    place: Place, profile_home: ScriptedHome
) -> None:
    place.save_profile("local", "http://127.0.0.1:1")

    result = place.run("list", "tasks", TAPIT_URL=profile_home.url)

    assert "TAPIT_URL is set without TAPIT_TOKEN" in result.stderr
    assert profile_home.asked == []


def test_a_profile_named_on_the_command_line_beats_the_environment(
    place: Place, profile_home: ScriptedHome
) -> None:
    place.save_profile("local", profile_home.url)

    place.run(
        "list", "tasks", "-a", "x", "--profile", "local", TAPIT_URL="http://127.0.0.1:1", TAPIT_TOKEN="other"
    )

    assert profile_home.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_an_unknown_profile_is_told(place: Place, profile_home: ScriptedHome) -> None:
    place.save_profile("local", profile_home.url)

    assert "did you mean local?" in place.run("list", "tasks", "--profile", "locl").stderr
