"""What stands in a line without an end, a prompt or a bar that moves, is on the screen while it stands there."""

import os
import re
from pathlib import Path

import pytest

from tests.cli.at_a_terminal import Terminal
from tests.cli.conftest import Place


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """What a task waits for in the middle of its line."""
    fifo = tmp_path / "gate"
    os.mkfifo(fifo)
    return fifo


def test_an_unfinished_line_is_shown_and_finished_where_it_stands(machine: Place, gate: Path) -> None:
    terminal = Terminal(
        machine, ("create", "task", f"echo first; printf '10%%'; cat {gate}; echo ' 100%'", "-w"), 100
    )
    terminal.read_until(lambda said: "first\n10%" in said)

    gate.write_text("")

    assert terminal.finish() == 0
    assert "10% 100%" in terminal.lines()
    assert terminal.lines()[-2].startswith("✓")


def test_the_ending_never_joins_an_unfinished_line(machine: Place, gate: Path) -> None:
    terminal = Terminal(machine, ("create", "task", f"printf 'no end'; cat {gate}", "-w"), 100)
    terminal.read_until(lambda said: "no end" in said)

    gate.write_text("")

    assert terminal.finish() == 0
    assert "no end" in terminal.lines()


def test_a_follower_sees_a_line_grow_behind_one_time(machine: Place, gate: Path) -> None:
    made = machine.run(
        "-o", "id", "create", "task", f"printf 'one '; cat {gate}; printf 'two '; cat {gate}; echo three"
    )
    terminal = Terminal(machine, ("logs", made.stdout.strip(), "-f"), 100)
    terminal.read_until(lambda said: said.endswith("one "))
    gate.write_text("")
    terminal.read_until(lambda said: said.endswith("two "))
    gate.write_text("")

    assert terminal.finish() == 0
    (line,) = [line for line in terminal.lines() if line]
    assert line.endswith(" one two three")


def test_a_bar_that_moves_does_not_overwrite_the_time(machine: Place, gate: Path) -> None:
    made = machine.run(
        "-o",
        "id",
        "create",
        "task",
        f"printf '10%%\\r20%%\\r'; cat {gate}; printf '30%%\\r'; cat {gate}; echo done",
    )
    terminal = Terminal(machine, ("logs", made.stdout.strip(), "-f"), 100)
    terminal.read_until(lambda said: "20%" in said)
    gate.write_text("")
    terminal.read_until(lambda said: "30%" in said)
    gate.write_text("")

    assert terminal.finish() == 0
    (line,) = [line for line in terminal.lines() if line]
    redrawn = line.split("\r")
    assert [shown[9:] for shown in redrawn] == ["10%", "20%", "30%", "done"]
    assert all(re.match(r"\d\d:\d\d:\d\d ", shown) for shown in redrawn)


def test_who_leaves_in_the_middle_of_a_line_finds_the_prompt_on_its_own(machine: Place, gate: Path) -> None:
    terminal = Terminal(machine, ("create", "task", f"printf 'no end'; cat {gate}", "-w"), 100)
    terminal.read_until(lambda said: "no end" in said)

    terminal.interrupt()

    assert terminal.finish() == 130
    assert "no end" in terminal.lines()
    gate.write_text("")


def test_a_pipe_gets_whole_lines(machine: Place) -> None:
    assert machine.run("create", "task", "printf 'a\\nno end'", "-w").stdout == "a\nno end\n"
