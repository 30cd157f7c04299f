"""`tapit config unset`, and `config set` where there is something to take back."""

import json

import pytest

from tests.cli.conftest import Place
from tests.cli.scripted_home import ScriptedHome


def shown(place: Place, name: str) -> str | None:
    value: str | None = json.loads(place.run("config", "show", "-o", "json").stdout)[name]["value"]
    return value


def test_a_setting_is_taken_out_and_everything_else_stays(place: Place, profile_home: ScriptedHome) -> None:
    place.save_profile("local", profile_home.url)
    place.run("config", "set", "app=shop")
    before = place.config.read_text()
    place.config.write_text("# mine\n" + before)

    result = place.run("config", "unset", "app")

    assert (result.returncode, result.stderr) == (0, f"Saved in {place.config}.\n")
    assert place.config.read_text() == "# mine\n" + before.replace('app = "shop"\n', "")
    assert shown(place, "app") is None


def test_several_at_once_and_of_the_profile_that_was_named(place: Place) -> None:
    place.save_profile("one", "https://one")
    place.save_profile("two", "https://two")
    place.run("config", "set", "app=shop", "--profile", "two")

    place.run("config", "unset", "url", "app", "default_profile", "--profile", "two")

    kept = place.config.read_text()
    assert 'url = "https://one"' in kept
    assert not any(gone in kept for gone in ("https://two", "shop", "default_profile"))


def test_what_replaces_an_address_tells_the_old_one(place: Place) -> None:
    place.save_profile("local", "unix:/run/tapit/api.sock")

    told = place.run("config", "set", "url=https://tapit.example.com").stderr

    assert told.splitlines() == [
        f"Saved in {place.config}.",
        "  back:     tapit config set url=unix:/run/tapit/api.sock",
    ]
    assert "back" not in place.run("config", "set", "url=https://tapit.example.com").stderr


@pytest.mark.parametrize(
    "url", ["ftp://x", "unix:here", "tapit.example.com", "https://a b", "http://shop.example"]
)
def test_what_cannot_be_an_address_is_refused_before_it_is_kept(place: Place, url: str) -> None:
    place.save_profile("local", "https://tapit.example.com")
    before = place.config.read_text()

    assert place.run("config", "set", f"url={url}").returncode == 2
    assert place.config.read_text() == before


def test_an_address_can_be_taken_back(place: Place, profile_home: ScriptedHome) -> None:
    place.save_profile("local", profile_home.url)
    place.run("config", "set", "url=https://wrong.example.com")

    told = place.run("config", "unset", "url").stderr

    assert f"tapit config set url={profile_home.url}" in told
    assert "Profile local has no address." in place.run("list", "tasks", "-a", "x").stderr
    assert place.run("config", "set", f"url={profile_home.url}").returncode == 0
    assert place.run("list", "tasks", "-a", "x").returncode == 0


def test_an_address_can_be_set_anew_where_the_token_belongs_elsewhere(
    place: Place, profile_home: ScriptedHome
) -> None:
    place.save_profile("local", profile_home.url)
    place.run("config", "set", "url=https://wrong.example.com")

    assert place.run("config", "set", f"url={profile_home.url}").returncode == 0
    assert place.run("list", "tasks", "-a", "x").returncode == 0


def test_what_is_not_set_is_no_error(place: Place) -> None:
    place.save_profile("local", "https://one")
    before = place.config.read_text()

    result = place.run("config", "unset", "app")

    assert (result.returncode, result.stderr) == (0, "app is not set; nothing to take out.\n")
    assert place.config.read_text() == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["config", "unset"], "tapit config unset needs key="),
        (["config", "unset", "ap"], "did you mean app?"),
        (["config", "unset", "token"], "The settings are app, url, default_profile."),
        (["config", "unset", "app"], "There is none yet."),
        (["config", "set", "url="], "tapit config unset url"),
        (["config", "set", "app="], "tapit config unset app"),
        (["config", "set", "default_profile="], "tapit config unset default_profile"),
    ],
)
def test_what_cannot_be_meant_is_told(words: list[str], told: str, place: Place) -> None:
    result = place.run(*words)

    assert result.returncode == 2
    assert told in result.stderr
