"""How interactive tasks run and end: by themselves, with their last session, by a stop, a limit, or nobody's coming."""

import os
import shlex
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from chalicelib.domain.errors import NotReady, SessionOver, TaskOver
from chalicelib.domain.session import EVERYBODY_LEFT, NOBODY_CAME
from local.runs import sessions
from local.runs.run_folder import NotStarted, RunFolder, Starting
from local.runs.run_requests import request_stop, set_time_limit
from local.session_agent import agent
from local.session_agent.agent_options import IDLE, RESUME
from tests.local.session_agent.interactive_task import InteractiveMachine, InteractiveTask
from tests.local.session_agent.session_client import SessionClient
from tests.local.supervisor.supervised_task import ENVIRONMENT, ESCAPE, GENEROUS, machine_in, until

PATIENT = "while :; do sleep 0.01; done"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[InteractiveMachine]:
    with machine_in(tmp_path) as machine:
        yield InteractiveMachine(machine)


# The task's own command


def test_the_command_of_a_task_is_run_as_if_nobody_could_come_in(machine: InteractiveMachine) -> None:
    command = """printf '%s|' "$0" "$#" 'it'"'"'s' "$ODD" \\\\; echo; echo err >&2; ls; pwd; exit 6"""

    task = machine.start(command, environment={**ENVIRONMENT, "ODD": "a 'b\n$c"})

    assert task.exited().exit_code == 6
    work = task.folder.path / "work"
    assert task.printed().decode() == f"/bin/sh|0|it's|a 'b\n$c|\\|\nerr\n{work}\n"


def test_output_of_a_session_is_not_the_tasks(machine: InteractiveMachine) -> None:
    task = machine.start("echo up; until [ -e go ]; do sleep 0.01; done; echo down")
    task.lets_in("echo in a session").sees(b"in a session")

    (task.folder.path / "work" / "go").touch()

    task.exited()
    assert task.printed() == b"up\ndown\n"


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE]
)
def test_a_task_ends_by_the_signal_that_ended_its_command(machine: InteractiveMachine, number: int) -> None:
    ended = machine.start(f"kill -{int(number)} $$").exited()

    assert (ended.exit_code, ended.signal, ended.stop_code) == (
        128 + number,
        number,
        "EssentialContainerExited",
    )


@pytest.mark.parametrize(
    "look",
    [
        "exec grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status",
        "exec ls /proc/self/fd",
        "exec awk '{ print $1 == $5, $1 == $6, $7 }' /proc/self/stat",
        "umask; ulimit -a",
    ],
)
def test_a_command_finds_all_as_it_would_without_an_agent(machine: InteractiveMachine, look: str) -> None:
    """Signals, open files, session and group, limits."""
    task, plain = machine.start(look), machine.start_plain(look)
    task.exited()
    plain.exited()

    assert task.printed() == plain.printed() != b""


def test_sessions_end_with_the_command_and_are_told(machine: InteractiveMachine) -> None:
    task = machine.start("until [ -e go ]; do sleep 0.01; done; exit 4")
    client = task.lets_in("echo ready; sleep 1000")
    client.sees(b"ready")

    (task.folder.path / "work" / "go").touch()

    assert client.sees_the_end()["Output"] == "the task has ended"
    assert task.exited().exit_code == 4
    assert task.processes == []


def test_a_command_may_use_its_stop_timeout_to_end_well(machine: InteractiveMachine) -> None:
    task = machine.start(f"trap 'echo bye; exit 7' TERM; echo ready; {PATIENT}")
    task.says(b"ready")
    client = task.lets_in("echo ready; cat")
    client.sees(b"ready")

    request_stop(task.folder, "enough")

    ended = task.exited()
    assert (ended.exit_code, ended.stop_code) == (7, "UserInitiated")
    assert task.printed().endswith(b"bye\n")


# Attached tasks


def test_the_agent_says_what_the_record_of_a_task_reads() -> None:
    assert (agent.EVERYBODY_LEFT, agent.NOBODY_CAME) == (EVERYBODY_LEFT, NOBODY_CAME)


def test_an_attached_task_to_which_nobody_comes_ends(machine: InteractiveMachine) -> None:
    task = machine.attached(first=0.3)
    until(lambda: not isinstance(task.folder.state(), NotStarted | Starting))
    with suppress(TaskOver):  # where that takes longer
        sessions.open_session(task.folder, ["/bin/true"])

    ended = task.exited()

    assert (ended.exit_code, ended.stop_code) == (NOBODY_CAME, "EssentialContainerExited")
    assert ended.started_at is not None
    assert ended.stopped_at - ended.started_at >= 0.3


def test_an_attached_task_ends_after_its_last_session(machine: InteractiveMachine) -> None:
    task = machine.attached(idle=0.5)
    first, second = task.lets_in("echo ready; read line"), task.lets_in("echo ready; read line")
    first.sees(b"ready")
    second.sees(b"ready")

    first.types(b"\r")
    first.sees_the_end()
    left_at = time.time()
    second.types(b"\r")
    second.sees_the_end()

    ended = task.exited()
    assert (ended.exit_code, ended.stop_code) == (EVERYBODY_LEFT, "EssentialContainerExited")
    assert ended.stopped_at - left_at >= 0.4


def test_another_session_keeps_an_attached_task_going(machine: InteractiveMachine) -> None:
    task = machine.attached(idle=GENEROUS)
    task.lets_in("true").sees_the_end()

    client = task.lets_in("echo still; read line")

    client.sees(b"still")


@pytest.mark.slow
def test_a_client_that_vanishes_ends_its_attached_task(machine: InteractiveMachine) -> None:
    """With the real patience, and a command that does all it can to stay."""
    task = machine.attached()
    client = task.lets_in(f"trap '' HUP TERM; {ESCAPE} echo ready; {PATIENT}")
    client.sees(b"ready")

    client.vanishes()

    ended = task.exited()
    assert RESUME + IDLE < 10
    assert (ended.exit_code, ended.stop_code) == (EVERYBODY_LEFT, "EssentialContainerExited")
    assert task.processes == []


def test_a_client_that_says_goodbye_ends_its_attached_task(machine: InteractiveMachine) -> None:
    task = machine.attached(idle=0.1)
    client = task.lets_in("echo ready; sleep 1000")
    client.sees(b"ready")

    client.leaves()

    assert task.exited().exit_code == EVERYBODY_LEFT


def test_a_client_that_comes_back_in_time_keeps_its_attached_task(machine: InteractiveMachine) -> None:
    task = machine.attached(idle=0.1, resume=GENEROUS)
    channel = task.opens("/bin/sh", "-c", "echo ready; read line; echo got $line; read line")
    client = SessionClient(channel)
    client.sees(b"ready")
    client.vanishes()
    other = task.lets_in("sleep 0.5; echo waited")
    other.sees(b"waited")

    client.comes_back(sessions.resume_session(task.folder, channel.session_id))

    client.types(b"it\r")
    client.sees(b"got it")


# Stops and limits


def escaped(machine: InteractiveMachine, **details: float) -> InteractiveTask:
    task = machine.attached(stop_timeout=0.3, **details)
    client = task.lets_in(f"trap '' HUP TERM; {ESCAPE} echo ready; {PATIENT}")
    client.sees(b"ready")
    client.sees(b"at large")
    return task


def test_nothing_of_a_session_survives_a_stop(machine: InteractiveMachine) -> None:
    task = escaped(machine)

    request_stop(task.folder, "stopped by ann")

    assert task.exited().stop_code == "UserInitiated"
    assert task.processes == []


def test_nothing_of_a_session_survives_the_time_limit(machine: InteractiveMachine) -> None:
    task = escaped(machine)

    set_time_limit(task.folder, 0.001)

    assert task.exited().stopped_by == "deadline"
    assert task.processes == []


def test_nothing_of_a_session_survives_the_death_of_the_agent(machine: InteractiveMachine) -> None:
    task = escaped(machine)

    os.kill(task.running().pid, signal.SIGKILL)

    assert task.exited().exit_code == 137
    assert task.processes == []


def test_a_stop_need_not_wait_for_a_shell_at_its_prompt(machine: InteractiveMachine) -> None:
    """Such a shell ignores SIGTERM, and is hung up on."""
    task = machine.attached(stop_timeout=20.0)
    client = SessionClient(task.opens("/bin/sh", "-c", "bash --norc -i; exit $?"))
    client.types(b"echo read''y\r")
    client.sees(b"ready")

    request_stop(task.folder, "enough")

    client.sees_the_end()
    ended = task.exited()
    assert (ended.exit_code, ended.stop_code) == (128 + signal.SIGHUP, "UserInitiated")
    assert ended.stopping_at is not None
    assert ended.stopped_at - ended.stopping_at < 10


def test_a_stopped_task_lets_nobody_in_any_more(machine: InteractiveMachine) -> None:
    task = machine.start(f"trap 'echo stopping' TERM; echo ready; {PATIENT}")
    task.says(b"ready")
    channel = task.opens("/bin/echo")
    request_stop(task.folder, "enough")
    task.says(b"stopping")

    assert SessionClient(channel).is_turned_away() == 1003


def test_memory_that_sessions_use_counts_against_the_task(machine: InteractiveMachine) -> None:
    task = machine.attached(memory_bytes=100 << 20)
    hog = "x = bytearray(300 << 20)\nfor at in range(0, len(x), 4096): x[at] = 1"

    task.lets_in(f"exec python3 -c {shlex.quote(hog)}")

    assert task.exited().out_of_memory


# What the server is told


def test_a_task_that_has_not_started_is_not_ready(tmp_path: Path) -> None:
    with pytest.raises(NotReady):
        sessions.open_session(RunFolder(tmp_path / "none", "none"), ["/bin/true"])


def test_a_task_that_has_ended_lets_nobody_in(machine: InteractiveMachine) -> None:
    task = machine.start("echo up; until [ -e go ]; do sleep 0.01; done")
    channel = task.opens("/bin/true")
    (task.folder.path / "work" / "go").touch()
    task.exited()

    with pytest.raises(TaskOver):
        sessions.open_session(task.folder, ["/bin/true"])
    with pytest.raises(SessionOver):
        sessions.resume_session(task.folder, channel.session_id)


def test_the_folder_of_an_interactive_task_can_be_removed(machine: InteractiveMachine) -> None:
    task = machine.attached(idle=0.1)
    task.lets_in("true").sees_the_end()
    task.exited()
    task.is_over()

    task.folder.remove()

    until(lambda: not task.folder.path.exists())
