"""`tapit run` and `tapit shell` as a person at a terminal meets them."""

import re
import shutil
import signal
from collections.abc import Callable

import pytest

from tests.home_process import HomeProcess
from tests.local.supervisor.supervised_task import until
from tests.sessions.conftest import Desk
from tests.sessions.person import Person
from tests.stops.lines import WELL

SIZE = re.compile(r"^(\d+ \d+)$", re.MULTILINE)
DeskAt = Callable[[HomeProcess], Desk]


def size_there(person: Person) -> str:
    """Ask at the prompt how large the terminal is."""
    person.type("clear; stty size\r")
    person.until(lambda: SIZE.search("\n".join(person.screen)) is not None, "a size")
    found = SIZE.search("\n".join(person.screen))
    assert found is not None
    return found[1]


def test_a_shell_has_the_apps_environment_and_ends_its_task(desk: Desk) -> None:
    person = desk.sits_down("run", "sh")
    person.sees_line("prompt>")

    person.type("echo app $APP_NAME task $TAPIT_TASK_ID\r")
    person.sees(f"app demo task {desk.only_task()}")
    person.type("exit 7\r")

    assert person.leaves() == 7
    assert person.state_now == person.state_before
    task = desk.ended(desk.only_task())
    assert (task["status"], task["exit_code"], task["ended_by"]) == ("FAILED", 7, "exit")


def test_a_normal_exit_has_succeeded(desk: Desk) -> None:
    person = desk.sits_down("run", "sh")
    person.sees_line("prompt>")

    person.type("exit\r")

    assert person.leaves() == 0
    assert desk.ended(desk.only_task())["status"] == "SUCCEEDED"


def test_programs_are_told_what_terminal_it_is(desk: Desk) -> None:
    desk.env["TERM"] = "dumb"
    person = desk.sits_down("run", "echo a $TERM one")

    person.sees("a dumb one")


def test_a_terminal_that_nobody_can_know_is_taken_for_a_usual_one(desk: Desk) -> None:
    desk.env["TERM"] = "no such: terminal"
    person = desk.sits_down("run", "echo it is $TERM")

    person.sees("it is xterm-256color")


def test_the_spinner_is_gone_when_the_prompt_is_there(desk: Desk) -> None:
    person = desk.sits_down("run", "sleep 0.3; printf 'he''re'; read -r line")
    person.sees("here")

    assert person.screen[0] == "here"


def test_the_window_has_its_size_from_the_start_and_follows_every_change(desk: Desk) -> None:
    person = desk.sits_down("run", "stty size; exec sh")
    person.sees_line("30 100")

    person.resize(77, 22)
    person.until(lambda: size_there(person) == "22 77", "the new size")

    assert person.process.poll() is None


def test_ctrl_c_kills_what_runs_there_and_not_us(desk: Desk) -> None:
    person = desk.sits_down("run", "sh")
    person.sees_line("prompt>")
    person.type("sh -c 'echo up; exec sleep 1000'; echo slept $?\r")
    person.sees_line("up")  # a signal that comes while dash forks may be lost in it

    person.type("\x03")
    person.sees_line("prompt>")
    person.type("echo still $((40 + 2))\r")

    person.sees_line("still 42")
    person.type("exit\r")
    assert person.leaves() in (0, 130)


def test_ctrl_z_and_ctrl_backslash_go_there_too(desk: Desk) -> None:
    person = desk.sits_down("run", "cat")
    person.type("x\r")
    person.until(lambda: person.screen[:2] == ["x", "x"], "the echo")

    person.type("\x1c")

    assert person.leaves() == 128 + signal.SIGQUIT
    assert person.state_now == person.state_before


@pytest.mark.skipif(shutil.which("vim") is None, reason="there is no vim on this machine")
def test_vim_draws_and_quits(desk: Desk) -> None:
    person = desk.sits_down("run", "vim -u NONE -i NONE")
    person.sees("~")

    person.type("ihello from vim\x1b:set ruler\r")
    person.sees("hello from vim")
    person.sees("1,14")
    person.type(":q!\r")

    assert person.leaves() == 0
    assert person.state_now == person.state_before


@pytest.mark.skipif(shutil.which("less") is None, reason="there is no less on this machine")
def test_less_pages_and_quits(desk: Desk) -> None:
    person = desk.sits_down("run", "seq 1000 | less")
    person.sees_line("29")

    person.type(" ")
    person.sees_line("58")
    person.type("q")

    assert person.leaves() == 0


def test_text_of_every_script_arrives_whole(desk: Desk) -> None:
    person = desk.sits_down("run", "sh")
    person.sees_line("prompt>")

    person.type("echo 'žluťoučký 日本 🦄'; echo end\r")

    person.until(lambda: "žluťoučký 日本 🦄\r\nend" in person.shown.decode(errors="ignore"), "the text")


@pytest.mark.parametrize("keys", ["~.", "\r~."], ids=["at the start", "after Enter"])
def test_a_hung_session_is_left_with_tilde_dot(keys: str, desk: Desk) -> None:
    person = desk.sits_down("run", "trap '' INT; echo hung; sleep 1000")
    person.sees_line("hung")

    person.type(keys)

    assert person.leaves() == 125
    assert person.state_now == person.state_before
    assert any("Left the session" in line for line in person.screen)
    assert desk.ended(desk.only_task())["status"] == "STOPPED"


def test_a_hung_session_is_left_with_four_times_ctrl_c(desk: Desk) -> None:
    person = desk.sits_down("run", "trap '' INT; echo hung; sleep 1000")
    person.sees_line("hung")

    person.type("\x03\x03\x03\x03")

    assert person.leaves() == 125


def test_a_tilde_in_a_line_is_a_tilde(desk: Desk) -> None:
    person = desk.sits_down("run", "read -r line; echo got $line.")

    person.type("a~.b\r")

    person.sees_line("got a~.b.")
    assert person.leaves() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_told_to_end_the_terminal_is_as_before_and_the_task_stops(number: signal.Signals, desk: Desk) -> None:
    person = desk.sits_down("run", "sh")
    person.sees_line("prompt>")

    person.process.send_signal(number)

    assert person.leaves() == 128 + number
    assert person.state_now == person.state_before
    assert desk.ended(desk.only_task())["status"] == "STOPPED"


def test_a_window_that_is_closed_ends_the_task(desk: Desk) -> None:
    person = desk.sits_down("run", "sh")
    person.sees_line("prompt>")

    person.hangs_up()

    assert desk.ended(desk.only_task())["status"] == "STOPPED"


def test_a_client_that_vanishes_ends_the_task_soon(desk: Desk) -> None:
    person = desk.sits_down("run", "sh")
    person.sees_line("prompt>")

    person.process.kill()

    task = desk.ended(desk.only_task())
    assert (task["status"], task["ended_by"]) == ("FAILED", "connection_lost")


def test_ctrl_c_while_it_starts_gives_up_and_stops_the_task(desk: Desk) -> None:
    desk.home.api.patch(f"/apps/{desk.app}", {"workdir": "/"})
    person = desk.sits_down("run", "sh")
    person.until(lambda: len(desk.tasks()) == 1, "a task")

    person.type("\x03")

    person.leaves()
    was_too_soon = "the task may have been created anyway" in "".join(person.screen)
    assert was_too_soon or desk.ended(desk.only_task())["status"] in ("STOPPED", "SUCCEEDED", "FAILED")
    assert person.state_now == person.state_before


def test_a_start_that_fails_is_explained(desk: Desk) -> None:
    desk.home.api.patch(f"/apps/{desk.app}", {"workdir": "/no/such/folder"})

    person = desk.sits_down("run", "sh")

    assert person.leaves() == 125
    said = " ".join(" ".join(person.screen).split())  # wherever a line ends
    assert "/no/such/folder does not exist" in said


def test_the_time_limit_ends_a_session_and_says_so(desk: Desk) -> None:
    person = desk.sits_down("run", "sh")
    person.sees_line("prompt>")
    desk.home.api.patch(f"/tasks/{desk.only_task()}", {"max_hours": 0.0001})

    assert person.leaves() != 0
    assert person.state_now == person.state_before
    assert any("was stopped at its time limit" in line for line in person.screen)
    assert desk.ended(desk.only_task())["status"] == "TIMED_OUT"


def test_a_second_shell_has_a_size_of_its_own_and_leaves_the_task_alone(desk: Desk) -> None:
    first = desk.sits_down("run", "sh")
    first.sees_line("prompt>")
    task_id = desk.only_task()
    second = desk.sits_down("shell", f"task={task_id}", "stty size; exec sh")
    second.sees_line("30 100")

    second.resize(60, 20)
    second.until(lambda: size_there(second) == "20 60", "its own size")
    first.until(lambda: size_there(first) == "30 100", "its own size")
    second.type("exit 3\r")

    assert second.leaves() == 3
    first.type("exit\r")
    assert first.leaves() == 0
    sessions = desk.ended(task_id)["sessions"]
    assert [(each["command"], each["exit_code"]) for each in sessions] == [
        (None, 0),
        ("stty size; exec sh", 3),
    ]


def test_a_task_that_runs_by_itself_takes_a_shell_when_it_was_told_so(desk: Desk) -> None:
    created = desk.pipes("-o", "id", "create", "task", "echo working; sleep 1000", "interactive=true")
    task_id = created.stdout.decode().strip()

    person = desk.sits_down("shell", task_id)
    person.type("echo in $TAPIT_TASK_ID\r")
    person.sees(f"in {task_id}")
    person.type("exit\r")

    assert person.leaves() == 0
    assert desk.home.api.get(f"/tasks/{task_id}")["status"] == "RUNNING"
    desk.pipes("delete", "task", task_id)
    assert desk.ended(task_id)["status"] == "STOPPED"


def test_a_killed_server_is_not_noticed_and_is_told_the_end_when_it_is_back(
    own_home: HomeProcess, desk_at: DeskAt
) -> None:
    desk = desk_at(own_home)
    person = desk.sits_down("run", "sh")
    person.sees_line("prompt>")
    task_id = desk.only_task()

    own_home.kill()
    person.type("echo still $((40 + 2))\r")
    person.sees_line("still 42")
    own_home.start()
    person.type("exit 5\r")

    assert person.leaves() == 5
    task = desk.ended(task_id)
    assert (task["status"], task["exit_code"]) == ("FAILED", 5)


def test_show_tells_who_was_in_and_how_to_get_in(desk: Desk) -> None:
    person = desk.sits_down("run", "sh")
    person.sees_line("prompt>")

    shown = desk.pipes("show", "task", desk.only_task(), "-o", "table").stdout.decode()

    assert re.search(r"Sessions: +\S+Z  \S+  \S+ \(so far\)", shown)
    assert f"tapit shell task={desk.only_task()}" in shown


def test_a_stop_lets_what_runs_at_the_terminal_end_well(desk: Desk) -> None:
    person = desk.sits_down("run", f"{WELL} 5; echo goes on")
    until(desk.tasks)
    place = desk.place_of(desk.only_task())
    until((place / "up").exists)

    desk.home.api.post(f"/tasks/{desk.only_task()}/stop")

    person.sees("stopping")
    (place / "go").touch()
    person.sees("bye")
    person.sees("was stopped by")
    person.leaves()
    assert "goes on" not in "\n".join(person.screen)
    assert desk.ended(desk.only_task())["status"] == "STOPPED"


def test_a_stop_lets_what_runs_at_a_prompt_end_well(desk: Desk) -> None:
    person = desk.sits_down("run", "bash --norc -i")
    person.sees_line("prompt>")
    place = desk.place_of(desk.only_task())
    person.type(f"{WELL} 5\r")
    until((place / "up").exists)

    desk.home.api.post(f"/tasks/{desk.only_task()}/stop")

    person.sees_line("stopping")
    (place / "go").touch()
    person.sees_line("bye")
    person.leaves()
    assert desk.ended(desk.only_task())["status"] == "STOPPED"
