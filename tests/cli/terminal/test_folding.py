"""Long lines fit a narrow terminal: no word is broken, and a command can still be copied."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tapit.terminal.folding import folded

from tests.cli.at_a_terminal import run_at_a_terminal
from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import Says, a_finished_task, a_list, a_task, some_lines

WORDS = st.lists(st.text("ab'\"$ =-\\", min_size=1, max_size=12), min_size=1, max_size=8)


@given(WORDS, st.integers(10, 60))
def test_a_command_that_is_folded_says_the_same(words: list[str], width: int) -> None:
    command = shlex.join(["tapit", "run", "--", *words])

    for said in (command, f"the command's: {command}"):
        lines = "\n".join(folded(said, width))

        assert shlex.split(lines[lines.index("tapit ") :].replace("\\\n", "")) == [
            "tapit",
            "run",
            "--",
            *words,
        ]


@given(st.lists(st.text("abc.,'-", min_size=1, max_size=9), min_size=1), st.integers(9, 60))
def test_prose_is_broken_between_words(words: list[str], width: int) -> None:
    lines = folded(" ".join(words), width)

    assert " ".join(lines).split() == words
    assert all(len(line) <= width for line in lines)


@pytest.mark.parametrize(
    "words",
    [
        ["list", "tasks"],
        ["list", "apps"],
        ["create", "task", "python", "manage.py", "check", "--deploy"],
        ["create", "task", "memory=512", "x"],
        ["create", "task", "python manage.py migrate"],
        ["create", "task", "-w", "x"],
        ["show", "task", "x"],
        ["delete", "task", "x"],
        ["logs", "x"],
        ["nonsense"],
        ["--profile", "nosuch", "list", "tasks"],
    ],
)
def test_at_fifty_columns_no_word_is_broken(words: list[str], place: Place, home_that: HomeThat) -> None:
    long = "The command used all of the memory that it had, 0.5 GB of it."
    diagnosis = {"what": long, "next": "Give it more memory the next time: tapit create task memory=1 ..."}
    failed = a_finished_task(137, reason=long, diagnosis=diagnosis, notes=[long])
    home_that(
        lambda asked: (
            Says({"items": [], "next": None})
            if asked.path in ("/apps", "/apps/demo/tasks") and asked.method == "GET"
            else Says(some_lines("one", status="RUNNING"))
            if asked.path.endswith("/logs") and "cursor" not in asked.query
            else Says(some_lines(status="FAILED", complete=True))
            if asked.path.endswith("/logs")
            else Says(failed)
        )
    )

    lines = run_at_a_terminal(place, *words, columns=50).lines()

    assert [line for line in lines if len(line) > 50] == []


def test_in_a_pipe_nothing_is_folded(place: Place, home_that: HomeThat) -> None:
    home_that(a_list())
    place.env["COLUMNS"] = "20"

    assert place.run("list", "tasks").stderr == "No tasks yet. Start one with: tapit create task 'COMMAND'\n"


def test_the_next_command_has_a_line_of_its_own_where_there_is_no_room(
    place: Place, home_that: HomeThat
) -> None:
    home_that(a_list(*[a_task()] * 50, more="c1"))
    words = ("-a", "shop", "list", "tasks", "status=FAILED")

    narrow = run_at_a_terminal(place, *words, columns=50).lines()
    wide = run_at_a_terminal(place, *words, columns=100).lines()

    assert narrow[-3:] == ["more:", "  tapit -a shop list tasks status=FAILED --all", ""]
    assert wide[-2:] == ["more: tapit -a shop list tasks status=FAILED --all", ""]
