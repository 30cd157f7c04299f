"""What people see and do at a terminal inside a task."""

import base64
import hashlib
import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tapit.session import frames

from chalicelib.domain.session_script import session_argv
from tests.local.session_agent.interactive_task import RAW, InteractiveMachine
from tests.local.session_agent.session_client import SessionClient
from tests.local.supervisor.supervised_task import machine_in, until


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[InteractiveMachine]:
    with machine_in(tmp_path) as machine:
        yield InteractiveMachine(machine)


def test_a_command_reads_from_and_writes_to_a_terminal(machine: InteractiveMachine) -> None:
    client = machine.attached().lets_in(
        "test -t 0 && test -t 1 && test -t 2; echo $?; read line; echo got $line"
    )
    client.sees(b"0")

    client.types(b"hello\r")

    assert client.sees_the_end()["ExitCode"] == 0
    assert client.output == b"0\r\nhello\r\ngot hello\r\n"


def test_the_last_words_tell_the_exit_code(machine: InteractiveMachine) -> None:
    task = machine.start("sleep 1000")

    assert [task.lets_in(command).sees_the_end()["ExitCode"] for command in ("exit 7", "kill -9 $$")] == [
        7,
        137,
    ]


def test_the_last_words_are_those_of_session_manager(machine: InteractiveMachine) -> None:
    client = machine.attached().lets_in("true")

    assert client.sees_the_end().keys() >= {
        "MessageId",
        "CreatedDate",
        "DestinationId",
        "SessionId",
        "MessageType",
        "SchemaVersion",
        "Output",
    }
    assert client.is_turned_away() == 1000


def test_a_command_that_is_not_there_is_named(machine: InteractiveMachine) -> None:
    client = SessionClient(machine.attached().opens("/no/such/shell"))

    assert client.sees_the_end()["ExitCode"] == 127
    assert client.output == b"tapit: /no/such/shell: No such file or directory\r\n"


def test_output_is_whole_to_the_last_byte(machine: InteractiveMachine) -> None:
    """Every byte there is, five megabytes of them, and the command ends right after the last."""
    script = "import os, sys; sys.stdout.buffer.write(bytes(range(256)) * 20000)"
    client = machine.attached().lets_in(f"stty raw; exec {sys.executable} -c {shlex.quote(script)}")

    assert client.sees_the_end()["ExitCode"] == 0
    assert len(client.output) == 5_120_000
    assert client.output == bytes(range(256)) * 20000


def test_input_is_whole_too(machine: InteractiveMachine) -> None:
    """More than the terminal takes at once, for a command that first does something else."""
    data = bytes(range(256)) * 4000
    client = machine.attached().lets_in(f"{RAW} sleep 0.3; head -c {len(data)} | sha256sum")
    client.sees(b"ready")

    client.types(data)

    client.sees_the_end()
    assert hashlib.sha256(data).hexdigest().encode() in client.output


def test_a_command_that_answers_all_it_reads_never_gets_stuck(machine: InteractiveMachine) -> None:
    """Both directions are full at once: acknowledgements must get through all the same."""
    data = b"x" * 3_000_000
    client = machine.attached().lets_in(f"{RAW} exec head -c {len(data)}")
    client.sees(b"ready")

    client.types(data)

    assert client.sees_the_end()["ExitCode"] == 0
    assert client.output.endswith(data)


def test_the_terminal_has_the_size_of_the_clients(machine: InteractiveMachine) -> None:
    client = machine.attached().lets_in("trap 'stty size' WINCH; echo ready; while sleep 0.02; do :; done")
    client.sees(b"ready")

    client.resizes(100, 40)
    client.sees(b"40 100")
    client.resizes(33, 22)

    client.sees(b"22 33")


@pytest.mark.parametrize(
    "size", [b"", b"[]", b'{"cols": -1, "rows": 5}', b'{"cols": 1e99, "rows": 5}', b'{"cols": 3}']
)
def test_a_size_that_is_none_changes_nothing(machine: InteractiveMachine, size: bytes) -> None:
    client = machine.attached().lets_in("read line; stty size")

    client.says(frames.SIZE, size)
    client.types(b"\r")

    client.sees(b"24 80")


def test_ctrl_c_interrupts_the_command_in_the_foreground(machine: InteractiveMachine) -> None:
    client = machine.attached().lets_in("trap 'exit 3' INT; echo ready; while :; do sleep 0.01; done")
    client.sees(b"ready")

    client.types(b"\x03")

    assert client.sees_the_end()["ExitCode"] == 3


def test_the_end_of_file_character_ends_the_input(machine: InteractiveMachine) -> None:
    client = machine.attached().lets_in("echo ready; cat; echo done")
    client.sees(b"ready")

    client.types(b"some\r\x04")

    client.sees(b"some\r\nsome\r\ndone")


def test_the_marks_of_a_session_are_in_its_output(machine: InteractiveMachine) -> None:
    """The script that runs in containers on AWS runs here as well."""
    task = machine.attached()
    client = SessionClient(task.opens(*session_argv("stty size; exit 9", "n0nce", on_terminal=True)))
    client.sees(b"\x1b]777;tapit-start;n0nce;0\x1b\\")
    client.resizes(90, 30)
    client.types(b"n0nce\r")
    client.sees(b"\x1b]777;tapit-exit;n0nce;9\x1b\\")
    client.types(b"n0nce\r")

    assert client.sees_the_end()["ExitCode"] == 9
    assert b"30 90\r\n" in client.output


def test_a_piped_session_sees_the_end_of_its_input(machine: InteractiveMachine) -> None:
    task = machine.attached()
    client = SessionClient(task.opens(*session_argv("wc -c; test -t 0", "n0nce", on_terminal=False)))
    client.sees(b"tapit-start;n0nce")
    client.types(b"n0nce\n")
    client.sees(b"tapit-begin;n0nce")

    client.types(b"+\naGVsbG8=\n\x04\x04")

    client.sees(b"tapit-exit;n0nce;1")
    assert base64.b64encode(b"5\n") in client.output


def test_sessions_are_many_at_once_each_with_a_size_of_its_own(machine: InteractiveMachine) -> None:
    task = machine.start("sleep 1000")
    clients = [task.lets_in("read line; stty size; read line") for _ in range(8)]

    for number, client in enumerate(clients, start=10):
        client.resizes(100 + number, number)
        client.types(b"\r")

    for number, client in enumerate(clients, start=10):
        client.sees(b"%d %d" % (number, 100 + number))


def test_the_end_of_one_session_is_nothing_to_another(machine: InteractiveMachine) -> None:
    task = machine.attached()
    staying, leaving = task.lets_in("read line; echo still $line"), task.lets_in("kill -9 $$")
    leaving.sees_the_end()

    staying.types(b"here\r")

    staying.sees(b"still here")


def test_a_session_sees_the_environment_of_its_task_and_nothing_of_ours(machine: InteractiveMachine) -> None:
    given = {"PATH": "/usr/bin:/bin", "PYTHONHOME": "/nowhere", "PYTHONPATH": "/nowhere", "ODD": "a\nb'c\"$d"}
    given["TERM"] = "that of the server"
    dump = "import json, os; print(json.dumps(dict(os.environ)), flush=True)"
    command = f"unset PYTHONHOME; exec {sys.executable} -E -c {shlex.quote(dump)}"
    task = machine.start("echo up; env; sleep 1000", environment=given)
    client = task.lets_in(command)

    client.sees_the_end()

    seen = json.loads(client.output)
    own = {name: seen.pop(name, None) for name in ("PWD", "LC_CTYPE", "TAPIT_TASK_ID", "_", "SHLVL")}
    assert own["TAPIT_TASK_ID"] == task.folder.task_id
    del given["PYTHONHOME"]
    assert seen == {**given, "TERM": "xterm-256color", "LANG": "C.UTF-8"}


@pytest.mark.parametrize("value", [None, "", "C", "en_US.UTF-8"])
def test_python_itself_adds_nothing_to_the_environment(
    machine: InteractiveMachine, value: str | None
) -> None:
    given = {"PATH": "/usr/bin:/bin"} | ({} if value is None else {"LC_CTYPE": value})
    task = machine.start("echo ${LC_CTYPE-unset}", environment=given)

    task.exited()

    assert task.printed().decode() == f"{'unset' if value is None else value}\n"


def test_a_session_begins_in_the_folder_of_its_task(machine: InteractiveMachine, tmp_path: Path) -> None:
    (tmp_path / "local.py").write_text("raise SystemExit('the folder of the task got in the way')")
    client = machine.attached(workdir=tmp_path).lets_in("pwd")

    client.sees(str(tmp_path).encode())


def test_a_session_may_begin_with_a_handshake(machine: InteractiveMachine) -> None:
    client = machine.attached(handshake=True).lets_in("echo hello; read line")
    asked = json.loads(client.is_asked(frames.HANDSHAKE_REQUEST).payload)
    assert asked["RequestedClientActions"][0]["ActionParameters"]["SessionType"] == "InteractiveCommands"
    assert client.output == b""

    done = [{"ActionType": "SessionType", "ActionStatus": 1, "ActionResult": None, "Error": ""}]
    answer = {"ClientVersion": "1.2.0.0", "ProcessedClientActions": done, "Errors": []}
    client.says(frames.HANDSHAKE_RESPONSE, json.dumps(answer).encode())

    client.is_asked(frames.HANDSHAKE_COMPLETE)
    client.sees(b"hello")


def test_output_waits_for_a_client_that_does_not_read(machine: InteractiveMachine) -> None:
    """Neither the agent's memory nor what is under way grows."""
    task = machine.start("sleep 1000")
    client = task.lets_in("echo ready; exec yes")
    client.sees(b"ready")
    before = resident(task.running().pid)
    other = task.lets_in("i=0; while [ $i -lt 100 ]; do i=$((i+1)); sleep 0.02; done; echo two seconds")

    other.sees(b"two seconds")

    assert resident(task.running().pid) - before < 4 << 20
    client.types(b"\x03")
    assert client.sees_the_end()["ExitCode"] == 130
    assert len(client.output) < 8 << 20


def resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def test_the_agent_is_small(machine: InteractiveMachine) -> None:
    """It counts against the task's memory."""
    task = machine.start("sleep 1000")
    idle = until(lambda: (task.folder.path / "agent.sock").exists() and resident(task.running().pid))
    task.lets_in("echo ready; read line").sees(b"ready")

    assert idle < 18 << 20
    assert resident(task.running().pid) < 30 << 20
