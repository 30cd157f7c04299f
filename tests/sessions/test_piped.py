"""Sessions between pipes: what comes out is the command's output, byte for byte, and nothing else."""

import hashlib
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.home_process import BIN
from tests.local.supervisor.supervised_task import until
from tests.sessions.conftest import Desk
from tests.stops.lines import WELL

EVERY_BYTE = bytes(range(256))


def test_input_is_handed_on_and_its_end_is_seen(desk: Desk) -> None:
    ran = desk.pipes("run", "sort", data=b"pear\napple\n")

    assert (ran.stdout, ran.returncode) == (b"apple\npear\n", 0)
    assert desk.ended(desk.only_task())["status"] == "SUCCEEDED"


@pytest.mark.parametrize("size", [0, 1, 2, 3, 511, 512, 513, 100_003])
def test_bytes_of_any_kind_come_back_as_they_went(size: int, desk: Desk) -> None:
    data = (EVERY_BYTE * (size // 256 + 1))[:size]

    assert desk.pipes("run", "cat", data=data).stdout == data


def test_the_command_sees_pipes_and_no_terminal(desk: Desk) -> None:
    script = "for fd in 0 1 2; do if [ -t $fd ]; then echo terminal; else echo pipe; fi; done"

    assert desk.pipes("run", script).stdout == b"pipe\npipe\npipe\n"


def test_a_command_that_does_not_read_ends_though_the_input_does_not(desk: Desk) -> None:
    with subprocess.Popen(
        [BIN / "tapit", "run", "echo done; exit 4"],
        env=desk.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as waiting:
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == b"done\n"
        assert waiting.wait(60) == 4


def test_a_command_may_end_while_much_input_is_left(desk: Desk) -> None:
    ran = desk.pipes("run", "head -c 3", data=b"abc" + os.urandom(3_000_000))

    assert (ran.stdout, ran.returncode) == (b"abc", 0)


def test_stdout_holds_nothing_of_ours(desk: Desk) -> None:
    ran = desk.pipes("run", "true")

    assert (ran.stdout, ran.returncode) == (b"", 0)


def test_errors_of_the_command_come_with_its_output(desk: Desk) -> None:
    assert desk.pipes("run", "echo out; echo err >&2").stdout == b"out\nerr\n"


def test_ctrl_c_reaches_the_command(desk: Desk) -> None:
    script = "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(
        [BIN / "tapit", "run", script],
        env=desk.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGINT)

        assert running.communicate(timeout=60)[0] == b"caught\n"
        assert running.returncode == 9


def test_a_reader_that_goes_away_ends_it_quietly(desk: Desk, tmp_path: Path) -> None:
    line = f"{BIN / 'tapit'} run 'yes' 2>{tmp_path / 'err'} | head -1; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(
        ["bash", "-c", line], env=desk.env, stdin=subprocess.DEVNULL, capture_output=True, timeout=120
    )

    assert ran.stdout == b"y\n141\n"
    assert "Traceback" not in (tmp_path / "err").read_text()
    assert desk.ended(desk.only_task())["status"] == "STOPPED"


@pytest.mark.slow
def test_sixteen_megabytes_arrive_to_the_last_byte(desk: Desk) -> None:
    script = "import os,random; r=random.Random(1); [os.write(1, r.randbytes(65536)) for _ in range(256)]"
    expected = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout

    ran = desk.pipes("run", f'{sys.executable} -c "{script}"')

    assert len(ran.stdout) == len(expected) == 256 * 65536
    assert hashlib.sha256(ran.stdout).digest() == hashlib.sha256(expected).digest()


# As many digits as there can be, and those that mean something of their own: to shells, to signals, or to us.
CODES = (0, 1, 2, 9, 10, 99, 100, 124, 125, 126, 127, 128, 129, 130, 137, 141, 143, 254, 255)


def test_exit_codes_are_told_also_those_that_we_have_ourselves(desk: Desk) -> None:
    created = desk.pipes("-o", "id", "create", "task", "sleep 1000", "interactive=true")
    task_id = created.stdout.decode().strip()
    desk.home.api.wait_until(task_id, "RUNNING")

    def code_of(code: int) -> int:
        return desk.pipes("shell", f"task={task_id}", f"exit {code}").returncode

    with ThreadPoolExecutor(4) as pool:
        assert tuple(pool.map(code_of, CODES)) == CODES
    desk.pipes("delete", "task", task_id)


def test_a_task_that_was_not_started_for_it_takes_no_shell(desk: Desk) -> None:
    created = desk.pipes("-o", "id", "create", "task", "sleep 1000")
    task_id = created.stdout.decode().strip()

    refused = desk.pipes("shell", f"task={task_id}")

    assert refused.returncode == 125
    assert b"interactive=true" in refused.stderr
    desk.pipes("delete", "task", task_id)


def test_an_unknown_task_and_a_finished_one_are_told(desk: Desk) -> None:
    created = desk.pipes("-o", "id", "create", "task", "interactive=true", "-w", "true")
    task_id = created.stdout.decode().strip()

    assert b"is over: it succeeded" in desk.pipes("shell", f"task={task_id}").stderr
    assert b"There is no task" in desk.pipes("shell", "task=000000000000").stderr


def test_an_output_format_is_refused(desk: Desk) -> None:
    refused = desk.pipes("run", "-o", "json", "true")

    assert refused.returncode == 125
    assert b"-o does not go with a session" in refused.stderr
    assert desk.tasks() == []


def test_a_stop_lets_a_piped_command_end_well_and_loses_none_of_its_output(desk: Desk) -> None:
    with subprocess.Popen(
        [BIN / "tapit", "run", f"{WELL} 5; echo goes on"],
        env=desk.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as waiting:
        until(desk.tasks)
        place = desk.place_of(desk.only_task())
        until((place / "up").exists)

        desk.home.api.post(f"/tasks/{desk.only_task()}/stop")
        until((place / "stopping").exists)
        (place / "go").touch()

        assert waiting.stdout is not None
        assert waiting.stdout.read() == b"stopping\nbye\n"
    assert desk.ended(desk.only_task())["status"] == "STOPPED"
