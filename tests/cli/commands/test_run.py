"""`tapit run` before its session begins: what it asks the home, how often, and what it says when it cannot have one."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.cli.conftest import Place
from tests.cli.scripted_home import (
    TASK_ID,
    Answers,
    Asked,
    Says,
    ScriptedHome,
    a_finished_task,
    a_refusal,
    a_task,
)

HomeThat = Callable[[Answers], ScriptedHome]
HURRIED = "import tapit.session.whole_session as v; v.PATIENCE_TO_CONNECT = 0.3; from tapit.main import main; main()"
CAUSES = "If this lasts: its task role needs ssmmessages:OpenDataChannel."


def run_in_a_hurry(place: Place, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run tapit with less patience than a person has."""
    return subprocess.run(
        [sys.executable, "-c", HURRIED, *words],
        env=place.env,
        cwd=place.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def a_home_without_sessions(code: str, status: int = 409) -> Answers:
    def answer(asked: Asked) -> Says:
        if asked.path.endswith("/sessions"):
            return a_refusal(status, code, "Its agent is not there.", Hint=CAUSES)
        return Says(a_task(status="RUNNING"), 201 if asked.method == "POST" else 200)

    return answer


def test_a_task_is_created_for_the_session(place: Place, home_that: HomeThat) -> None:
    home = home_that(a_home_without_sessions("NotInteractive"))

    place.run("run", "psql $DATABASE_URL", "memory=2", "docker_tag=v1.2.3")

    created, opened = home.requests("POST")[:2]
    assert created.path == "/apps/demo/tasks"
    assert created.body == {
        "command": "psql $DATABASE_URL",
        "memory": 2.0,
        "docker_tag": "v1.2.3",
        "attached": True,
    }
    assert "Idempotency-Key" in created.headers
    assert (opened.path, opened.body) == (f"/tasks/{TASK_ID}/sessions", {"on_terminal": False})


def test_a_task_that_cannot_be_connected_to_is_asked_again_then_stopped_and_explained(
    place: Place, home_that: HomeThat
) -> None:
    home = home_that(a_home_without_sessions("TargetNotConnected"))

    result = run_in_a_hurry(place, "run", "bash")

    assert result.returncode == 125
    assert f"task {TASK_ID} runs, but its terminal cannot be reached" in result.stderr
    assert CAUSES in result.stderr
    asked = [one.path for one in home.requests("POST")]
    assert asked.count(f"/tasks/{TASK_ID}/sessions") > 1
    assert asked[-1] == f"/tasks/{TASK_ID}/stop"


def test_a_shell_that_cannot_be_had_leaves_its_task_alone(place: Place, home_that: HomeThat) -> None:
    home = home_that(a_home_without_sessions("TargetNotConnected"))

    result = run_in_a_hurry(place, "shell", f"task={TASK_ID}")

    assert result.returncode == 125
    assert not [one for one in home.requests("POST") if one.path.endswith("/stop")]


def test_a_task_that_ends_while_it_gets_ready_says_why(place: Place, home_that: HomeThat) -> None:
    diagnosis = {"what": "It ran out of memory.", "next": "Run it again with more memory."}

    def answer(asked: Asked) -> Says:
        if asked.path.endswith("/sessions"):
            return a_refusal(409, "NotReady", "It is just starting.")
        if asked.method == "GET":
            return Says(a_finished_task(137, diagnosis=diagnosis))
        return Says(a_task(status="RUNNING"), 201)

    home_that(answer)

    result = place.run("run", "bash")

    assert result.returncode == 125
    assert "It ran out of memory" in result.stderr
    assert "Run it again with more memory." in result.stderr


def test_a_task_that_is_over_before_its_session_says_why(place: Place, home_that: HomeThat) -> None:
    """The home knows of the end a moment before it is on record."""
    diagnosis = {"what": "It never started: no such image", "next": "Build it."}
    ending = a_finished_task(None, status="FAILED", diagnosis=diagnosis)
    looks = iter([a_task(revision=2), ending])

    def answer(asked: Asked) -> Says:
        if asked.path.endswith("/sessions"):
            return a_refusal(409, "TaskOver", "Task x is over: its main process has just ended")
        if asked.method == "GET":
            return Says(next(looks, ending))
        return Says(a_task(status="RUNNING"), 201)

    home_that(answer)

    result = place.run("run", "bash")

    assert result.returncode == 125
    assert f"error: task {TASK_ID} never started: no such image\n  Build it.\n" in result.stderr


@pytest.mark.parametrize("verb", [["run", "bash"], ["shell", f"task={TASK_ID}"]])
def test_a_refusal_exits_with_125(verb: list[str], place: Place, home_that: HomeThat) -> None:
    home = home_that(a_home_without_sessions("LimitExceeded", 403))

    assert place.run(*verb).returncode == 125
    stopped = [one for one in home.requests("POST") if one.path.endswith("/stop")]
    assert bool(stopped) == (verb[0] == "run")


def test_two_images_contradict_each_other(place: Place, home_that: HomeThat) -> None:
    home = home_that(a_home_without_sessions("NotReady"))

    result = place.run("run", "image=a:1", "docker_tag=2", "bash")

    assert "contradict each other" in result.stderr
    assert home.asked == []


def test_a_flag_is_true_or_false(place: Place) -> None:
    result = place.run("create", "task", "interactive=maybe", "true")

    assert result.returncode == 2
    assert "interactive=maybe" in result.stderr
