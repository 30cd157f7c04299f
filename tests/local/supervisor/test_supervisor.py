"""What a supervised task sees, and what is on record once it has ended."""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from local.runs.run_folder import Exited
from tests.local.supervisor.supervised_task import ENVIRONMENT, Machine, machine_in, until


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with machine_in(tmp_path) as machine:
        yield machine


@pytest.mark.parametrize("code", [0, 1, 3, 126, 127, 255])
def test_the_exit_code_is_the_tasks_own(machine: Machine, code: int) -> None:
    ended = machine.start(f"exit {code}").exited()

    assert (ended.exit_code, ended.signal) == (code, None)
    assert (ended.stop_code, ended.reason) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert ended.stopped_by is None


@pytest.mark.parametrize("number", [1, 2, 6, 9, 13, 15, 25])
def test_a_task_killed_by_a_signal_exits_with_128_and_its_number(machine: Machine, number: int) -> None:
    ended = machine.start(f"kill -{number} $$").exited()

    assert (ended.exit_code, ended.signal) == (128 + number, number)
    assert ended.stop_code == "EssentialContainerExited"


def test_a_missing_command_is_what_the_shell_says(machine: Machine) -> None:
    task = machine.start("no-such-command")

    assert task.exited().exit_code == 127
    assert b"no-such-command" in task.printed()


def test_a_command_that_may_not_run_is_what_the_shell_says(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "script").write_text("echo hi")

    assert machine.start(str(tmp_path / "script")).exited().exit_code == 126


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("echo $GREETING", "hello there\n"),
        ("echo '$GREETING' \"$GREETING\"", "$GREETING hello there\n"),
        ("echo one\necho two && false || echo three | tr e E", "one\ntwo\nthrEE\n"),
        ("printf '%s' 'Grüße, 世界 🚀'", "Grüße, 世界 🚀"),
        ("printf '%s %s\\n' 'a\\b' \"it's\"; #comment", "a\\b it's\n"),
        ("echo out; echo err >&2", "out\nerr\n"),
    ],
)
def test_the_command_reaches_the_shell_unchanged(machine: Machine, command: str, printed: str) -> None:
    task = machine.start(command, environment=ENVIRONMENT | {"GREETING": "hello there"})

    assert task.exited().exit_code == 0
    assert task.printed().decode() == printed


def test_the_environment_is_what_was_given_and_the_tasks_id(machine: Machine) -> None:
    given = {"PATH": ENVIRONMENT["PATH"], "EMPTY": "", "EQUAL": "a=b=", "LINES": "one\ntwo", "UTF8": "ü🚀"}
    task = machine.start("cat /proc/$$/environ", environment=given)

    task.exited()
    seen = dict(item.split("=", 1) for item in task.printed().decode().split("\0") if item)
    assert seen == given | {"TAPIT_TASK_ID": task.folder.task_id}


def test_no_value_of_the_environment_is_on_the_disk(machine: Machine) -> None:
    task = machine.start("echo ready; sleep 1000", environment=ENVIRONMENT | {"KEY": "a-secret"})
    task.says(b"ready")

    regular = [path for path in task.folder.path.rglob("*") if path.is_file()]
    assert regular
    assert not [path for path in regular if b"a-secret" in path.read_bytes()]


def test_without_a_workdir_it_runs_in_an_empty_folder_of_its_own(machine: Machine) -> None:
    task = machine.start("pwd; ls -A")

    task.exited()
    assert task.printed().decode() == f"{task.folder.path}/work\n"


def test_a_workdir_is_where_it_runs(machine: Machine, tmp_path: Path) -> None:
    task = machine.start("pwd", workdir=tmp_path)

    task.exited()
    assert task.printed().decode() == f"{tmp_path}\n"


@pytest.mark.parametrize(
    ("workdir", "problem"),
    [("/no/such/place", "does not exist"), ("/etc/passwd", "is not a directory")],
)
def test_a_workdir_that_cannot_be_entered_fails_the_start(
    machine: Machine, workdir: str, problem: str
) -> None:
    ended = machine.start("echo never", workdir=Path(workdir)).exited()

    assert (ended.stop_code, ended.exit_code, ended.started_at) == ("TaskFailedToStart", None, None)
    assert ended.reason == f"CannotStartContainerError: workdir {workdir} {problem}"


def test_a_command_too_long_for_the_system_fails_the_start(machine: Machine) -> None:
    ended = machine.start(": " + "x" * 200_000).exited()

    assert ended.stop_code == "TaskFailedToStart"
    assert ended.reason == "CannotStartContainerError: /bin/sh: Argument list too long"


def test_it_starts_with_plain_files_signals_and_limits(machine: Machine) -> None:
    look = "ls /proc/self/fd; umask; ulimit -c; grep -E 'Sig(Blk|Ign)' /proc/self/status; readlink /proc/self/fd/0"
    task = machine.start(look)

    task.exited()
    *files, umask, core, blocked, ignored, stdin = task.printed().decode().split("\n")[:-1]
    assert files == ["0", "1", "2", "3"]  # 3 is the listing's own
    assert (umask, core, stdin) == ("0022", "0", "/dev/null")
    assert {line.split("\t")[1] for line in (blocked, ignored)} == {"0" * 16}


def test_what_the_servers_parent_ignores_does_not_reach_the_task(machine: Machine) -> None:
    """Whatever posix_spawn starts ignores signal 32, which the C library keeps to itself."""
    task = machine.task()
    server = (
        "import sys; from pathlib import Path; from local.runs.run_folder import RunFolder;"
        "from local.runs.run_start import *; from local.process_driver.process_driver import FORK_SERVER;"
        "start_run(RunFolder(Path(sys.argv[1]), sys.argv[2]),"
        "TaskToRun('grep SigIgn /proc/self/status', {}, Path('/nonexistent')), SupervisorStarter(FORK_SERVER))"
    )
    arguments = [sys.executable, "-c", server, str(task.folder.path), task.folder.task_id]
    pid = os.posix_spawn(sys.executable, arguments, os.environ | {"PYTHONPATH": str(Path.cwd())})
    os.waitpid(pid, 0)

    task.exited()
    assert task.printed() == b"SigIgn:\t" + b"0" * 16 + b"\n"


def test_fifty_megabytes_arrive_byte_for_byte(machine: Machine) -> None:
    script = "import os,random; r=random.Random(1); [os.write(1, r.randbytes(50_000)) for _ in range(1000)]"
    task = machine.start(f"{sys.executable} -c '{script}' | tee copy")

    assert task.exited().lost_output_bytes == 0
    copy = (task.folder.path / "work" / "copy").read_bytes()
    assert len(copy) == 50_000_000
    assert hashlib.sha256(task.printed()).digest() == hashlib.sha256(copy).digest()


def test_the_last_words_are_kept_though_a_daemon_holds_the_pipe_open(machine: Machine) -> None:
    task = machine.start("setsid sleep 1000 & yes | head -c 60000; echo the end")

    assert task.exited().exit_code == 0
    assert task.printed().endswith(b"y\nthe end\n")
    assert len(task.printed()) == 60_008


def test_a_task_that_closes_its_output_goes_on(machine: Machine) -> None:
    task = machine.start("echo one; exec >&- 2>&-; while [ ! -e go ]; do sleep 0.01; done; exit 5")
    task.says(b"one")
    (task.folder.path / "work" / "go").touch()

    assert task.exited().exit_code == 5


def test_the_server_hears_of_start_output_and_end(machine: Machine) -> None:
    os.mkfifo(machine.server_pipe)
    hearing = os.open(machine.server_pipe, os.O_RDWR | os.O_NONBLOCK)
    task = machine.start("echo hi; while [ ! -e go ]; do sleep 0.01; done")
    task.says(b"hi")
    heard = until(lambda: _heard(hearing))
    (task.folder.path / "work" / "go").touch()
    task.exited()

    assert set(heard.split()) == {task.folder.task_id.encode()}
    assert until(lambda: _heard(hearing))
    os.close(hearing)


def test_a_server_that_is_behind_hears_of_the_end_when_it_catches_up(machine: Machine) -> None:
    os.mkfifo(machine.server_pipe)
    hearing = os.open(machine.server_pipe, os.O_RDWR | os.O_NONBLOCK)
    _fill_up(hearing)
    task = machine.start("true")
    task.exited()

    line = f"{task.folder.task_id}\n".encode()  # it may come between any two reads, so none is thrown away
    until(lambda: _heard(hearing).endswith(line))
    os.close(hearing)


def test_times_are_consistent(machine: Machine) -> None:
    ended = machine.start("true").exited()

    assert isinstance(ended, Exited)
    assert ended.started_at is not None
    assert ended.started_at <= ended.stopped_at
    assert ended.stopping_at is None


def test_an_idle_supervisor_is_small(machine: Machine) -> None:
    supervisor = machine.start("sleep 1000", memory_bytes=1 << 30, max_seconds=1000).running().supervisor_pid

    status = Path(f"/proc/{supervisor}/status").read_text()
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    sys.stdout.write(f"\nidle supervisor: {resident / 1024:.1f} MB resident\n")
    assert resident < 15 * 1024


def _fill_up(pipe: int) -> None:
    with suppress(BlockingIOError):
        while os.write(pipe, b"x" * 4096):
            pass


def _heard(pipe: int) -> bytes:
    try:
        return os.read(pipe, 65536)
    except BlockingIOError:
        return b""
