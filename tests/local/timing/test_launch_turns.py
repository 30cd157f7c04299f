"""Launches take turns, and give way to tasks that are being created."""

import threading
import time

import pytest

from local.timing import launch_turns
from local.timing.launch_turns import LaunchTurns


def test_one_launch_waits_for_the_other() -> None:
    turns = LaunchTurns()
    order = []

    def launch() -> None:
        with turns.turn():
            order.append("second")

    with turns.turn():
        other = threading.Thread(target=launch)
        other.start()
        order.append("first")
    other.join()

    assert order == ["first", "second"]


def test_a_launch_that_fails_gives_its_turn_to_the_next() -> None:
    turns = LaunchTurns()
    try:
        with turns.turn():
            raise OSError
    except OSError:
        pass

    with turns.turn():
        pass


def test_a_launch_begins_when_creates_no_longer_come_in_quick_succession(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launch_turns, "QUICK", 0.5)  # on a busy machine too
    turns = LaunchTurns()
    turns.note_create()
    turns.note_create()
    last = time.monotonic()

    with turns.turn():
        assert time.monotonic() - last >= 0.45


def test_no_stream_of_creates_holds_a_launch_up_for_good() -> None:
    turns = LaunchTurns()
    over = threading.Event()

    def create_on_and_on() -> None:
        while not over.is_set():
            turns.note_create()

    creating = threading.Thread(target=create_on_and_on)
    creating.start()

    for _ in range(3):
        with turns.turn():
            assert not over.is_set()
    over.set()

    creating.join()
