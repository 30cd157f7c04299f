"""Waiting that is cut short by a person, and the live line that person sees."""

import signal
import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.cli.at_a_terminal import CSI, Terminal
from tests.cli.conftest import Place
from tests.cli.scripted_home import TASK_ID, Answers, Asked, Says, ScriptedHome, a_task, some_lines

HomeThat = Callable[[Answers], ScriptedHome]


class Held:
    """A home whose task prints one line and then says nothing more until the test is over."""

    def __init__(self, home_that: HomeThat) -> None:
        self.let_go = threading.Event()
        self._printed = False
        self.home = home_that(self._answer)

    def _answer(self, asked: Asked) -> Says:
        if asked.method == "POST":
            return Says(a_task(status="STOPPING") if asked.path.endswith("/stop") else a_task(), 201)
        if self._printed:
            self.let_go.wait(30)
        self._printed = True
        return Says(some_lines("one"))


@pytest.fixture
def held(home_that: HomeThat) -> Iterator[Held]:
    scene = Held(home_that)
    yield scene
    scene.let_go.set()


def interrupted(place: Place, number: signal.Signals, *words: str) -> "subprocess.CompletedProcess[str]":
    waiting = place.start("create", "task", "-w", *words, "x")
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "one\n"
    waiting.send_signal(number)
    out, err = waiting.communicate(timeout=30)
    return subprocess.CompletedProcess(words, waiting.returncode, out, err)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_waiting_and_not_the_task(number: signal.Signals, place: Place, held: Held) -> None:
    result = interrupted(place, number)

    assert result.returncode == 130
    assert f"Stopped waiting; task {TASK_ID} goes on (RUNNING).\n" in result.stderr
    for command in ("tapit wait", "tapit logs -f", "tapit stop"):
        assert f"{command} task={TASK_ID}" in result.stderr
    assert [asked.path for asked in held.home.requests("POST")] == ["/apps/demo/tasks"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_with_cancel_on_interrupt_it_stops_the_task(number: signal.Signals, place: Place, held: Held) -> None:
    result = interrupted(place, number, "--cancel-on-interrupt")

    assert result.returncode == 130
    assert f"Stopping task {TASK_ID}" in result.stderr
    assert held.home.requests("POST")[-1].path == f"/tasks/{TASK_ID}/stop"


def test_ctrl_c_while_following_says_nothing(place: Place, held: Held) -> None:
    following = place.start("logs", "-f", TASK_ID)
    assert following.stdout is not None
    assert following.stdout.readline() == "one\n"
    following.send_signal(signal.SIGINT)

    assert following.communicate(timeout=30) == ("", "")
    assert following.returncode == 130


def test_at_a_terminal_a_live_line_steps_aside_for_the_output(place: Place, held: Held) -> None:
    terminal = Terminal(place, ("create", "task", "-w", "x"), 100)
    terminal.read_until(lambda text: "Ctrl-C stops waiting, not the task" in text)
    terminal.interrupt()

    assert terminal.finish() == 130
    assert terminal.lines()[:3] == [
        f"Created task {TASK_ID}.",
        "one",
        f"Stopped waiting; task {TASK_ID} goes on (RUNNING).",
    ]


def test_the_live_line_says_what_ctrl_c_will_do_to_the_task(place: Place, held: Held) -> None:
    terminal = Terminal(place, ("create", "task", "-w", "--cancel-on-interrupt", "x"), 100)
    terminal.read_until(lambda text: "Ctrl-C stops the task" in text)
    terminal.interrupt()
    terminal.finish()

    assert "not the task" not in terminal.text


def test_a_narrow_terminal_never_wraps_the_live_line(place: Place, held: Held) -> None:
    terminal = Terminal(place, ("create", "task", "-w", "x"), 40)
    terminal.read_until(lambda text: "RUNNING" in text)
    terminal.interrupt()
    terminal.finish()

    drawn = [part for part in terminal.raw.split("\r\x1b[2K") if "RUNNING" in part and "\n" not in part]
    assert drawn
    assert all(len(CSI.sub("", part) + "^C") < 40 for part in drawn)
