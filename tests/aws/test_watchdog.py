"""The watchdog of an attached task, run by real shells: it ends when nobody is there, and as soon as it is told to."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from chalicelib.adapters import watchdog
from chalicelib.domain.session import EVERYBODY_LEFT, NOBODY_CAME
from tests.aws.waiting import until
from tests.local.supervisor.supervised_task import children_of

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/comm").exists(), reason="sessions are looked for in /proc"
)

IN_TIME = 30  # seconds
SHELLS = {"dash": ["dash"], "busybox": ["busybox", "sh"], "bash": ["bash", "--posix"]}


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> Sequence[str]:
    words: Sequence[str] = SHELLS[request.param]
    if shutil.which(words[0]) is None:
        pytest.skip(f"there is no {words[0]} on this machine")
    return words


@pytest.fixture
def alone() -> Sequence[str]:
    """The rest of this machine's processes, whose sessions are none of ours, are out of sight."""
    words = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if shutil.which(words[0]) is None or subprocess.run([*words, "true"], capture_output=True).returncode:
        pytest.skip("there are no PID namespaces for us")
    return words


@pytest.fixture
def worker(tmp_path: Path) -> str:
    """A program named like the process that Session Manager runs for each session."""
    sleep = shutil.which("sleep")
    assert sleep
    return shutil.copy(sleep, str(tmp_path / "ssm-session-worker"))


def run(inside: str, alone: Sequence[str], shell: Sequence[str], first: int = 15, idle: int = 2) -> int:
    """Run `inside` in the background beside the watchdog, and return the watchdog's exit code."""
    command = watchdog.command(first=first, idle=idle, step=1)
    script = f'({inside}) & "$@"'
    words = [*alone, "sh", "-c", script, "sh", *shell, "-c", *command]
    return subprocess.run(words, timeout=IN_TIME).returncode


def until_it_sleeps(process: "subprocess.Popen[bytes]") -> None:
    """By then it is prepared to be told to go, and what sleeps does not take it for its shell's matter any more."""
    until(lambda: any(not catches_sigterm(child) for child in children_of(process.pid)))


def catches_sigterm(process: int) -> bool:
    status = Path(f"/proc/{process}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.slow
def test_it_ends_when_nobody_came(alone: Sequence[str], shell: Sequence[str]) -> None:
    began = time.monotonic()

    assert run("true", alone, shell, first=2) == NOBODY_CAME
    assert time.monotonic() - began >= 2


@pytest.mark.slow
def test_it_ends_some_time_after_everybody_left(
    alone: Sequence[str], shell: Sequence[str], worker: str
) -> None:
    began = time.monotonic()

    assert run(f"{worker} 5", alone, shell) == EVERYBODY_LEFT
    assert time.monotonic() - began >= 6  # up to a step sooner than `idle` says


@pytest.mark.slow
def test_one_session_of_several_is_enough_to_go_on(
    alone: Sequence[str], shell: Sequence[str], worker: str
) -> None:
    began = time.monotonic()

    assert run(f"{worker} 1 & {worker} 5 & sleep 1; {worker} 7", alone, shell) == EVERYBODY_LEFT
    assert time.monotonic() - began >= 9


@pytest.mark.slow
def test_a_session_that_is_over_but_not_waited_for_is_nobody(
    alone: Sequence[str], shell: Sequence[str], worker: str
) -> None:
    """The name of a zombie is still to be read."""
    fork = f"import os, time; os.fork() or os.execv({worker!r}, [{worker!r}, '5']); time.sleep(60)"

    assert run(f'{sys.executable} -c "{fork}"', alone, shell) == EVERYBODY_LEFT


def test_it_goes_at_once_when_it_is_told_to(shell: Sequence[str]) -> None:
    process = subprocess.Popen([*shell, "-c", *watchdog.command(first=100, idle=100, step=100)])
    until_it_sleeps(process)

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=IN_TIME) == watchdog.STOPPED


def test_it_leaves_no_sleep_behind(shell: Sequence[str]) -> None:
    """Whatever is left of it would hold its output open."""
    command = [*shell, "-c", *watchdog.command(first=100, idle=100, step=100)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        until_it_sleeps(process)
        process.terminate()

        printed, _ = process.communicate(timeout=IN_TIME)

    assert printed == b""


@pytest.mark.parametrize("shell", ["dash", "bash"], indirect=True)  # busybox is its own sleep
def test_an_image_without_sleep_is_no_busy_loop(shell: Sequence[str], tmp_path: Path) -> None:
    program = shutil.which(shell[0])
    assert program

    done = subprocess.run(
        [program, *shell[1:], "-c", *watchdog.command()], env={"PATH": str(tmp_path)}, timeout=IN_TIME
    )

    assert done.returncode == watchdog.CANNOT_WAIT


def test_ecs_is_given_words_for_the_shell_it_runs() -> None:
    script, name, *seconds = watchdog.command()

    assert (name, seconds) == ("tapit-watchdog", ["300", "30", "5"])
    assert len(script) < 1000
