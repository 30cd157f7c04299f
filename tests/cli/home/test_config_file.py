"""The configuration file: what is kept in it, and what is said of one that cannot be read."""

import json

import pytest

from tests.cli.conftest import Place
from tests.cli.scripted_home import ScriptedHome


def test_saving_keeps_everything_else(place: Place) -> None:
    before = '# mine\n[profile.team]  # ours\nurl = "https://x"\n# the end\n'
    place.config.parent.mkdir(parents=True)
    place.config.write_text(before)

    place.save_profile("local", "http://127.0.0.1:1")
    place.save_profile("local", "http://127.0.0.1:2")

    after = place.config.read_text()
    for line in before.splitlines():
        assert line in after.splitlines()
    assert after.count("[profile.local]") == 1
    assert 'url = "http://127.0.0.1:2"' in after
    assert place.run("config", "show").returncode == 0


def test_the_first_profile_becomes_the_default_and_stays_it(place: Place, profile_home: ScriptedHome) -> None:
    place.save_profile("one", profile_home.url)
    place.save_profile("two", "http://127.0.0.1:1")

    assert json.loads(place.run("config", "show").stdout)["profile"]["value"] == "one"


DEEP = f"x = {'[' * 100_000}"
LONG = "#" * 2_000_000


@pytest.mark.parametrize("content", ["[profile", "profile = 3", "[profile.x]\nurl = 3", "\udcff", DEEP, LONG])
def test_a_broken_configuration_is_named(content: str, place: Place) -> None:
    place.config.parent.mkdir(parents=True)
    place.config.write_bytes(content.encode(errors="surrogateescape"))

    for words in (("list", "tasks"), ("config", "set", "app=x")):
        result = place.run(*words, TMPDIR=str(place.folder))

        assert result.returncode != 0
        assert str(place.config) in result.stderr
        assert "bug" not in result.stderr


def test_a_configuration_that_cannot_be_read_is_named(place: Place) -> None:
    place.config.mkdir(parents=True)

    result = place.run("list", "tasks")

    assert result.returncode == 1
    assert f"cannot read the configuration {place.config}" in result.stderr


@pytest.mark.parametrize(
    "words",
    [("login",), ("config", "set", "default_profile=x"), ("config", "set", "app=x"), ("list", "tasks")],
)
@pytest.mark.parametrize("line", ["profile = 3", "[profile]\nx = 3"])
def test_profiles_that_are_no_tables_are_told(line: str, words: tuple[str, ...], place: Place) -> None:
    place.config.parent.mkdir(parents=True)
    place.config.write_text(line + "\n")

    result = place.run(*words)

    assert result.returncode == 1
    assert "Profiles are tables: [profile.NAME]." in result.stderr
