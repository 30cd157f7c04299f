"""`--help` is everywhere, has an example each, and is what the documentation shows."""

import shlex
from pathlib import Path

import pytest
from tapit import commands
from tapit.help import pages, reference
from tapit.language.finding import find_command
from tapit.language.parser import require, understand
from tapit.language.vocabulary import SUMMARIES

from tests.cli.conftest import Place

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("path", SUMMARIES)
def test_every_command_has_help_with_an_example(path: str, place: Place) -> None:
    result = place.run(*path.split(), "--help")

    assert result.returncode == 0
    assert result.stdout.startswith(f"Usage: tapit {path}")
    assert commands.load(path).example in result.stdout


@pytest.mark.parametrize("path", SUMMARIES)
def test_every_command_is_in_the_file_that_its_name_says(path: str) -> None:
    assert commands.load(path).path == path


@pytest.mark.parametrize("path", [path for path in SUMMARIES if path != "completion"])
def test_every_example_can_be_typed(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("A=1")
    monkeypatch.chdir(tmp_path)
    typed = find_command(shlex.split(commands.load(path).example)[1:])
    assert typed.path == path
    require(understand(commands.load(path), typed.rest))


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"], ["create", "--help"], ["help", "logs"]])
def test_help_is_there_for_whoever_asks(words: list[str], place: Place) -> None:
    result = place.run(*words)

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: tapit")


def test_help_goes_before_what_is_wrong(place: Place) -> None:
    assert place.run("create", "task", "memry=4", "--help").stdout.startswith("Usage: tapit create task")


def test_wait_speaks_of_no_option_that_it_does_not_have(place: Place) -> None:
    assert "--wait" not in place.run("wait", "--help").stdout


def test_logs_says_how_output_is_kept() -> None:
    page = pages.command_page(commands.load("logs"), width=200)

    for said in ("256 KiB", "UTF-8", "newline"):
        assert said in page


def test_the_version_is_told(place: Place) -> None:
    for words in (["--version"], ["-q", "--version"], ["list", "tasks", "--version"]):
        assert place.run(*words).stdout == "tapit 0.1.0\n"


def test_the_documentation_is_what_help_says() -> None:
    written = (ROOT / "docs/commands.md").read_text()

    assert written == reference.markdown(), "run: make docs"


def test_the_readme_shows_the_commands_there_are() -> None:
    readme = (ROOT / "README.md").read_text()

    assert readme == reference.with_commands(readme), "run: make docs"


def test_secrets_are_kept_off_the_command_line() -> None:
    for path in ("create app", "set app"):
        assert "env_file=FILE" in pages.command_page(commands.load(path), width=200)
