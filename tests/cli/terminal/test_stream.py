"""Colours only where they are wanted, and nothing that can draw on the screen."""

import io
import json

import pytest
from tapit.errors import CliError
from tapit.terminal.stream import Stream

from tests.cli.at_a_terminal import run_at_a_terminal
from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import (
    EVIL,
    TASK_ID,
    Asked,
    Says,
    a_finished_task,
    a_list,
    a_task,
    some_lines,
)


@pytest.mark.parametrize(
    ("env", "words", "coloured"),
    [
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": ""}, [], True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, [], False),
        ({"TERM": "dumb"}, [], False),
        ({}, ["--no-color"], False),
        ({"FORCE_COLOR": "1"}, ["--no-color"], False),
    ],
)
def test_colours_follow_the_conventions(
    env: dict[str, str],
    words: list[str],
    coloured: bool,  # noqa: FBT001 - what the parameters say
    place: Place,
    home_that: HomeThat,
) -> None:
    home_that(a_list(a_task()))
    place.env |= env

    assert ("\x1b[" in run_at_a_terminal(place, "list", "tasks", *words).raw) is coloured


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "CLICOLOR_FORCE"])
def test_colours_can_be_forced_into_a_pipe(variable: str, place: Place, home_that: HomeThat) -> None:
    home_that(a_list(a_task()))
    place.env[variable] = "1"

    assert "\x1b[32mRUNNING" in place.run("list", "tasks", "-o", "table").stdout


@pytest.mark.parametrize("words", [["list", "tasks"], ["show", "task", TASK_ID]])
def test_a_command_cannot_draw_on_the_terminal(words: list[str], place: Place, home_that: HomeThat) -> None:
    evil = a_finished_task(1, command=EVIL, initiated_by=EVIL, reason=EVIL, docker_tag=EVIL, image=EVIL)

    def answers(asked: Asked) -> Says:
        if asked.path.endswith("/logs"):
            return Says(some_lines(EVIL))
        return Says(evil if asked.path.startswith("/tasks") else {"items": [evil], "next": None})

    home_that(answers)

    said = run_at_a_terminal(place, *words).raw

    for forbidden in ("\x1b[2J", "\x1b]", "\x07", "\u202e", "\x9b"):
        assert forbidden not in said
    assert "\\x1b[2J" in said


def test_json_keeps_every_character(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says(a_task(command=EVIL)))

    assert json.loads(place.run("show", "task", "x").stdout)["command"] == EVIL


def test_what_a_terminal_cannot_show_is_spelled_out(place: Place, home_that: HomeThat) -> None:
    home_that(a_list(a_task(command="naïve ✓")))

    result = place.run("list", "tasks", "-o", "table", PYTHONIOENCODING="ascii")

    assert result.returncode == 0
    assert "na\\xefve \\u2713" in result.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("create", "task", "-o", "json", "x"),
        ("create", "task", "-o", "table", "-w", "x"),
        ("create", "app", "name=a", "-o", "json"),
        ("logs", "x", "-o", "json"),
        ("__complete", "show", "app", "name="),
        ("__complete", "show", "task", "task="),
    ],
)
def test_nothing_of_an_answer_can_draw_on_the_terminal(
    words: tuple[str, ...], place: Place, home_that: HomeThat
) -> None:
    evil = a_finished_task(1, id=f"i{EVIL}", command=EVIL, notes=[EVIL], image=EVIL, reason=EVIL)

    def answers(asked: Asked) -> Says:
        if asked.path.endswith("/logs"):
            spoken = EVIL if words[0] == "logs" else "said"
            return Says(some_lines(spoken, status="FAILED", complete=True, revision=9))
        app = {"name": f"n{EVIL}", "image": EVIL}
        if asked.path == "/apps":
            return Says({**app, "items": [app, {**app, "name": "n"}], "next": None})
        return Says({**evil, "items": [evil, {**evil, "id": "i"}], "next": None})

    home_that(answers)

    said = run_at_a_terminal(place, *words).raw

    for forbidden in ("\x1b[2J", "\x1b]", "\x07", "\u202e", "\x9b"):
        assert forbidden not in said
    assert "[2J" in said or words[0] == "__complete"  # what is no plain name is not offered at all


def test_what_is_nested_too_deeply_to_be_shown_is_told() -> None:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]

    with pytest.raises(CliError, match="too deeply"):
        Stream(io.StringIO(), no_color=True).write_json(deep)
