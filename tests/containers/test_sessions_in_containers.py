"""`tapit run` and `tapit shell` in containers, as a person at a terminal and as a pipe."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.containers.container_home import ContainerHome
from tests.containers.images import BUSYBOX
from tests.local.supervisor.supervised_task import until
from tests.sessions.conftest import Desk


@pytest.fixture
def desk(shared: ContainerHome, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(shared.process, tmp_path, image=BUSYBOX)
    yield made
    made.close()


@pytest.fixture
def inside(shared: ContainerHome, desk: Desk) -> Callable[..., str]:
    """Return what a command prints beside what the only task of the desk's runs."""
    return lambda *words: shared.inside(desk.only_task(), *words)


def test_a_shell_is_in_the_image_and_its_exit_code_comes_through(desk: Desk) -> None:
    person = desk.sits_down("run", "sh")
    person.sees_line("prompt>")
    person.type("id -un; echo $APP_NAME; tty\r")
    person.sees_line("root")
    person.sees_line("demo")
    person.sees("/dev/pts/")
    person.type("exit 7\r")

    assert person.leaves() == 7
    assert person.state_now == person.state_before
    assert desk.ended(desk.only_task())["exit_code"] == 7


def test_the_window_has_its_size_from_the_start_and_follows_every_change(
    desk: Desk, inside: Callable[..., str]
) -> None:
    person = desk.sits_down("run", "stty size; while :; do stty size > /tmp/size; sleep 0.1; done")
    person.sees_line("30 100")

    person.resize(77, 22)

    until(lambda: inside("cat", "/tmp/size") == "22 77\n")


def test_ctrl_c_ends_what_runs_there_and_not_the_shell(desk: Desk) -> None:
    person = desk.sits_down("run", "sh")
    person.sees_line("prompt>")
    person.type("sh -c 'echo up; exec sleep 1000'; echo slept $?\r")
    person.sees_line("up")

    person.type("\x03")
    person.sees_line("prompt>")
    person.type("echo still $((40 + 2))\r")

    person.sees_line("still 42")
    person.type("exit\r")
    assert person.leaves() in (0, 130)


@pytest.mark.parametrize("size", [0, 513, 3_000_003])
def test_bytes_of_any_kind_go_through_a_pipe_unchanged(desk: Desk, size: int) -> None:
    data = (bytes(range(256)) * (size // 256 + 1))[:size]

    ran = desk.pipes("run", "cat; exit 5", data=data)

    assert (ran.stdout == data, ran.returncode) == (True, 5), ran.stderr


def test_much_input_that_nobody_reads_holds_nothing_up(desk: Desk) -> None:
    ran = desk.pipes("run", "head -n 1", data=b"one\n" + b"more\n" * 400_000)

    assert (ran.stdout, ran.returncode) == (b"one\n", 0), ran.stderr
    assert desk.ended(desk.only_task())["status"] == "SUCCEEDED"


def test_a_stop_lets_a_command_between_pipes_end_well(desk: Desk) -> None:
    line = "trap 'echo ending well; exit 6' TERM; echo up; while :; do sleep 0.1; done"
    with desk.piped("run", line) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"up\n"
        desk.home.api.stop(desk.only_task())

        assert running.stdout.read().endswith(b"ending well\n")
    assert running.returncode == 6


def test_ctrl_c_reaches_a_command_between_pipes_and_what_it_runs(desk: Desk) -> None:
    with desk.piped("run", "echo up; sleep 1000; echo slept") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"up\n"
        running.send_signal(signal.SIGINT)

        assert running.stdout.read() == b""
    assert running.returncode == 130


def test_a_second_shell_has_a_terminal_of_its_own_and_leaves_the_task_alone(desk: Desk) -> None:
    task_id = desk.home.api.create(desk.app, "echo up; exec sleep 1000", interactive=True)["id"]
    desk.home.api.says(task_id, "up")

    person = desk.sits_down("shell", task_id)
    person.sees_line("prompt>")
    person.type("ps | grep -c '[s]leep 1000'\r")
    person.sees_line("1")
    person.type("exit 4\r")

    assert person.leaves() == 4
    assert desk.home.api.show(task_id)["status"] == "RUNNING"
    desk.home.api.stop(task_id)
    assert desk.ended(task_id)["status"] == "STOPPED"


def test_a_stop_lets_what_runs_at_the_terminal_end_well(desk: Desk) -> None:
    person = desk.sits_down(
        "run", "trap 'echo ending well; exit 6' TERM; echo up; while :; do sleep 0.1; done"
    )
    person.sees_line("up")

    desk.home.api.stop(desk.only_task())

    person.sees_line("ending well")
    assert person.leaves() == 6
    assert desk.ended(desk.only_task())["status"] == "STOPPED"


def without(process: str, listed: str) -> str:
    """Return what is listed, and nothing while the process is among it. Podman at times loses all that ps printed."""
    return "" if process in listed else listed


def test_who_leaves_a_shell_takes_along_what_it_ran_and_nothing_else(
    desk: Desk, inside: Callable[..., str]
) -> None:
    task_id = desk.home.api.create(desk.app, "echo up; exec sleep 1000", interactive=True)["id"]
    desk.home.api.says(task_id, "up")
    person = desk.sits_down("shell", task_id, "echo mine; exec sleep 2000")
    person.sees_line("mine")

    person.hangs_up()

    left = until(lambda: without("sleep 2000", inside("ps")))
    assert "sleep 1000" in left
    desk.home.api.stop(task_id)
