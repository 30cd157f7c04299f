"""The sign of a slow request."""

from threading import Event

from tests.cli.at_a_terminal import Terminal
from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import (
    Asked,
    Says,
    a_task,
)


def test_a_slow_answer_shows_a_sign_that_leaves_nothing_behind(place: Place, home_that: HomeThat) -> None:
    seen = Event()

    def answers(_asked: Asked) -> Says:
        seen.wait(30)
        return Says({"items": [a_task()], "next": None})

    home_that(answers)
    terminal = Terminal(place, ("list", "tasks"), 100)
    terminal.read_until(lambda text: "waiting for an answer" in text)
    seen.set()

    assert terminal.finish() == 0
    assert terminal.lines()[0].startswith("ID ")
