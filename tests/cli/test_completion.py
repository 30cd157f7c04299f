"""Completion as a real shell does it: what is on the line after a Tab."""

import shutil
import subprocess
from collections.abc import Callable

import pytest

from tests.cli.conftest import Place
from tests.cli.scripted_home import Answers, Asked, Says, ScriptedHome, a_refusal, a_task

HomeThat = Callable[[Answers], ScriptedHome]
IN_BASH = """
eval "$(tapit completion bash)"
COMP_LINE=$1 COMP_POINT=${#1}
# as bash itself splits the line: at blanks and at = and :
read -ra parts <<< "${COMP_LINE//=/ = }"
COMP_WORDS=("${parts[@]}"); [[ $COMP_LINE == *[[:space:]=] ]] && COMP_WORDS+=("")
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
compopt() { printf 'compopt %s\\n' "$*"; }
_tapit
printf '%s\\n' "${COMPREPLY[@]}"
"""


def in_bash(place: Place, line: str) -> list[str]:
    done = subprocess.run(
        ["bash", "--norc", "-c", IN_BASH, "bash", line],
        env=place.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    return [said for said in done.stdout.splitlines() if said and not said.startswith("compopt -o nosort")]


def home_with_tasks(asked: Asked) -> Says:
    if asked.path == "/apps":
        return Says({"items": [{"name": "shop"}, {"name": "blog"}], "next": None})
    return Says({"items": [a_task(id="1jd3m8k7x2qf"), a_task(id="1jd3zzzzzzzz")], "next": None})


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("tapit cr", ["create"]),
        ("tapit create ", ["task", "app"]),
        ("tapit create task mem", ["compopt -o nospace", "memory="]),
        ("tapit create task 'x' --wa", ["--wait"]),
        ("tapit -o ", ["table", "json", "id"]),
        ("tapit list tasks -o j", ["json"]),
        ("tapit list tasks status=FAI", ["FAILED"]),
        ("tapit completion ", ["compopt -o nospace", "shell=", "bash", "zsh", "fish"][1:]),
        ("tapit show task task=1jd3m", ["1jd3m8k7x2qf"]),
        ("tapit logs 1jd3", ["1jd3m8k7x2qf", "1jd3zzzzzzzz"]),
        ("tapit create app sub", ["compopt -o nospace", "subnets="]),
        ("tapit create app name=a capacity=FARGATE_", ["FARGATE_SPOT"]),
        ("tapit set app name=shop assign_public_ip=", ["yes", "no"]),
        ("tapit -a s", ["shop"]),
        ("tapit delete app name=", ["shop", "blog"]),
        ("tapit create task -- l", []),
        ("tapit nonsense ", []),
    ],
)
def test_bash_offers(line: str, offered: list[str], place: Place, home_that: HomeThat) -> None:
    home_that(home_with_tasks)

    assert in_bash(place, line) == offered


def test_a_key_that_was_given_is_not_offered_again(place: Place) -> None:
    offered = place.run("__complete", "create", "task", "memory=4", "").stdout

    assert "memory=" not in offered
    assert "cpu=" in offered


def test_ids_are_asked_for_once(place: Place, home_that: HomeThat) -> None:
    home = home_that(home_with_tasks)

    first = place.run("__complete", "show", "task", "task=").stdout
    second = place.run("__complete", "show", "task", "task=1jd3m").stdout

    assert first.splitlines()[0] == "task=1jd3m8k7x2qf\tRUNNING echo hi"
    assert second == "task=1jd3m8k7x2qf\tRUNNING echo hi\n"
    assert len(home.asked) == 1


def test_it_is_silent_about_every_failure(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: a_refusal(500, "InternalError", "No."))

    result = place.run("__complete", "show", "task", "task=")

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_can_read_their_script(shell: str, place: Place) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = place.run("completion", shell).stdout

    done = subprocess.run(
        [shell, "-n"], input=script, env=place.env, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_fish_offers(place: Place, home_that: HomeThat) -> None:
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    home_that(home_with_tasks)
    script = "tapit completion fish | source; complete -C 'tapit show task task=1jd3m'"

    done = subprocess.run(["fish", "-c", script], env=place.env, capture_output=True, text=True, check=False)

    assert done.stdout.split("\t")[0] == "task=1jd3m8k7x2qf"


def test_nothing_wrong_shows_at_the_prompt_or_leaves_a_trace(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says({"items": [3], "next": None}))
    place.config.parent.mkdir(parents=True)
    place.config.write_text("profile = 3\n")

    for words in (("show", "task", "task="), ("list", "tasks", "--profile", "")):
        result = place.run("__complete", *words, TMPDIR=str(place.folder))
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")

    assert not list(place.folder.glob("tapit-*.trace"))
