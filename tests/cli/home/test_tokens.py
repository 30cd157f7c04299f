"""A token is kept for one address, and sent nowhere else."""

import pytest

from tests.cli.conftest import TOKEN, HomeThat, Place
from tests.cli.scripted_home import Says, ScriptedHome, a_refusal


def test_a_token_is_only_sent_where_it_belongs(place: Place, profile_home: ScriptedHome) -> None:
    place.save_profile("local", "http://127.0.0.1:1")
    place.config.write_text(place.config.read_text().replace("http://127.0.0.1:1", profile_home.url))

    result = place.run("list", "tasks", "-a", "shop")

    assert "belongs to http://127.0.0.1:1" in result.stderr
    assert profile_home.asked == []


def test_a_damaged_token_file_is_told(place: Place, profile_home: ScriptedHome) -> None:
    place.save_profile("local", profile_home.url)
    for content in ("{}", "[" * 100_000):
        (place.tokens / "local").write_text(content)

        assert "tapit login --profile local" in place.run("list", "tasks", "-a", "x").stderr


@pytest.mark.parametrize(
    "token", ["tpt_se\ncret", "tpt_se cret", "tpt_secret\x7f", "tpt_sécret", "tpt_se\tcret"]
)
@pytest.mark.parametrize(
    "words", [["list", "tasks"], ["--debug", "create", "task", "x y"], ["config", "show"]]
)
def test_what_is_no_token_is_told_and_never_shown(token: str, words: list[str], place: Place) -> None:
    place.env |= {"TAPIT_URL": "http://127.0.0.1:1", "TAPIT_TOKEN": token, "TAPIT_APP": "demo"}

    result = place.run(*words)

    assert "cret" not in result.stdout + result.stderr
    if words != ["config", "show"]:
        assert result.returncode == 1
        assert "It comes from TAPIT_TOKEN" in result.stderr


def test_a_token_kept_in_a_file_is_judged_as_well(place: Place, profile_home: ScriptedHome) -> None:
    place.save_profile("local", profile_home.url, "tpt_se\ncret")

    result = place.run("--debug", "list", "tasks", "-a", "x")

    assert "cret" not in result.stderr
    assert "tapit login --profile local" in result.stderr
    assert profile_home.asked == []


def test_a_line_break_after_a_token_is_no_part_of_it(place: Place, profile_home: ScriptedHome) -> None:
    """So do secrets of CI end, and what a shell reads from a file with `<`."""
    place.run("list", "tasks", "-a", "x", TAPIT_URL=profile_home.url, TAPIT_TOKEN=f"{TOKEN}\r\n")

    assert profile_home.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_gateway_that_repeats_the_token_does_not_bring_it_on_the_screen(
    place: Place, home_that: HomeThat
) -> None:
    said = f"'{TOKEN}' is not a valid key=value pair in Authorization header: 'Bearer {TOKEN}'."
    refusals = [
        Says({"message": said}, 403),
        a_refusal(400, "InvalidRequest", said, Hint=said, Fields={"x": said}),
        a_refusal(401, "Unauthenticated", said),
    ]
    home_that(lambda _asked: refusals.pop())

    while refusals:
        result = place.run("--debug", "list", "tasks")

        assert "is not a valid key=value pair" in result.stderr
        assert TOKEN not in result.stderr


@pytest.mark.parametrize(
    "words", [["list", "tasks"], ["config", "show"], ["config", "set", "url=https://ann:pass@x"]]
)
def test_an_address_with_a_password_in_it_is_refused_and_not_shown(words: list[str], place: Place) -> None:
    place.save_profile("local", "http://127.0.0.1:1")
    if "set" not in words:
        place.env |= {"TAPIT_URL": "https://ann:pass@tapit.example.com/x", "TAPIT_TOKEN": TOKEN}

    result = place.run(*words)

    assert result.returncode == 2
    assert "holds a name or a password" in result.stderr
    assert "pass@" not in result.stderr + result.stdout + place.config.read_text()


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden"])
def test_a_profile_cannot_leave_its_folder(name: str, place: Place) -> None:
    assert place.run("list", "tasks", "--profile", name).returncode == 2
