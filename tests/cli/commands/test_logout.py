"""`tapit logout`: the token is forgotten, and nothing else."""

from tests.cli.conftest import TOKEN, Place
from tests.cli.scripted_home import ScriptedHome


def test_logout_forgets_the_token_and_keeps_the_profile(place: Place, profile_home: ScriptedHome) -> None:
    place.save_profile("team", profile_home.url)
    place.save_profile("other", profile_home.url)

    first, again = place.run("logout", "--profile", "team"), place.run("logout", "--profile", "team")

    assert first.returncode == again.returncode == 0
    assert first.stderr.startswith("Forgot the token of profile team;")
    assert again.stderr == "There is no token of profile team; nothing to forget.\n"
    assert [kept.name for kept in place.tokens.iterdir()] == ["other"]
    refused = place.run("--profile", "team", "list", "tasks", "-a", "x")
    assert f"there is no token for {profile_home.url}" in refused.stderr
    assert "tapit login --profile team" in refused.stderr
    assert profile_home.asked == []


def test_without_a_name_it_is_the_profile_in_use(place: Place) -> None:
    place.save_profile("team", "https://tapit.example.com")

    place.run("logout")

    assert list(place.tokens.iterdir()) == []


def test_a_damaged_token_and_one_that_belongs_elsewhere_are_forgotten_too(place: Place) -> None:
    place.save_profile("team", "https://tapit.example.com")
    for content in ("{}", "damaged", '{"url": "https://elsewhere", "token": "x"}'):
        (place.tokens / "team").write_text(content)

        assert place.run("logout").stderr.startswith("Forgot the token of profile team;")


def test_a_home_on_a_socket_has_none(place: Place) -> None:
    place.save_profile("local", "unix:/run/tapit/api.sock")
    place.run("logout")

    result = place.run("logout")

    assert (result.returncode, result.stderr) == (
        0,
        "Profile local has no token: its home is reached by a socket that only you can open.\n",
    )


def test_a_token_of_the_shell_is_said_to_stay(place: Place) -> None:
    place.save_profile("team", "https://tapit.example.com")

    assert "TAPIT_TOKEN is set in this shell" in place.run("logout", TAPIT_TOKEN=TOKEN).stderr


def test_without_a_profile_there_is_nothing_to_forget(place: Place) -> None:
    result = place.run("logout")

    assert result.returncode == 2
    assert "There is none yet." in result.stderr
