"""Supervisors are forked by one process; whatever becomes of it, a task begins once or not at all."""

import fcntl
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest

from local.process_driver.process_driver import FORK_SERVER
from local.runs.run_folder import NotStarted
from local.runs.run_start import CannotSpawn, NoWord, OutOfProcesses, start_run
from local.runs.supervisor_starter import SupervisorStarter
from local.supervisor.run_files import has_begun
from tests.local.supervisor.supervised_task import (
    Machine,
    SupervisedTask,
    children_of,
    machine_in,
    opened_by,
    until,
)

HELD = "while [ ! -e go ]; do sleep 0.01; done"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with machine_in(tmp_path) as machine:
        yield machine


def test_one_fork_server_serves_all_tasks(machine: Machine) -> None:
    supervisors = [machine.start("sleep 1000").running().supervisor_pid for _ in range(2)]

    assert sorted(supervisors) == children_of(_fork_server())


def test_a_supervisor_survives_its_fork_server_and_all_that_is_killed_with_that(machine: Machine) -> None:
    task = machine.start(f"{HELD}; exit 5")
    killed = _fork_server()
    os.killpg(killed, signal.SIGKILL)

    assert machine.start("exit 3").exited().exit_code == 3
    assert _fork_server() != killed
    _let_go(task)
    assert task.exited().exit_code == 5


def test_a_closed_fork_server_ends_and_lets_its_supervisors_go_on(machine: Machine) -> None:
    task = machine.start(f"{HELD}; exit 5")

    machine.starter.close()

    assert _fork_servers() == []
    _let_go(task)
    assert task.exited().exit_code == 5


def test_a_fork_server_ends_with_a_killed_server(machine: Machine) -> None:
    task = machine.task()
    server = (
        "import sys, os, signal; from pathlib import Path; from local.runs.run_folder import RunFolder;"
        "from local.runs.run_start import *; from local.process_driver.process_driver import FORK_SERVER;"
        "starter = SupervisorStarter(FORK_SERVER);"
        "start_run(RunFolder(Path(sys.argv[1]), sys.argv[2]),"
        "TaskToRun('sleep 1000', {'PATH': os.environ['PATH']}, Path('/nonexistent')), starter);"
        "print(Path(f'/proc/{os.getpid()}/task/{os.getpid()}/children').read_text(), flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    arguments = [sys.executable, "-c", server, str(task.folder.path), task.folder.task_id]
    killed = subprocess.run(arguments, capture_output=True, env=os.environ | {"PYTHONPATH": str(Path.cwd())})
    fork_server = int(killed.stdout)

    until(lambda: not _is_running(fork_server))
    assert _is_running(task.running().supervisor_pid)


def test_a_fork_server_that_was_killed_before_it_took_a_request_is_replaced(machine: Machine) -> None:
    machine.starter.open()
    os.kill(_fork_server(), signal.SIGSTOP)
    task = machine.task()

    with _starting(machine, task) as outcome:
        until(task.folder.path.exists)
        os.kill(_fork_server(), signal.SIGKILL)

    assert outcome == [True]
    task.is_over()
    assert task.printed() == b"once\n"


def test_a_fork_server_that_was_killed_while_its_supervisor_begins_leaves_that_to_it(
    machine: Machine,
) -> None:
    task = machine.task()
    with _starting_held_back(machine, task) as outcome:
        os.kill(_fork_server(), signal.SIGKILL)

    assert outcome == [True]
    until(lambda: _fork_servers() == [])  # nobody had to ask again
    task.is_over()
    assert task.printed() == b"once\n"


def test_a_supervisor_that_was_killed_before_it_began_is_asked_for_again(machine: Machine) -> None:
    task = machine.task()
    with _starting_held_back(machine, task) as outcome:
        first = _fork_server()
        os.kill(children_of(first)[0], signal.SIGKILL)
        until(lambda: _fork_servers() not in ([], [first]) and children_of(_fork_server()))

    assert outcome == [True]
    task.is_over()
    assert task.printed() == b"once\n"


def test_a_start_that_was_killed_twice_has_begun_nothing_and_may_be_repeated(machine: Machine) -> None:
    task = machine.task()
    with _starting_held_back(machine, task) as outcome:
        first = _fork_server()
        os.kill(children_of(first)[0], signal.SIGKILL)
        until(lambda: _fork_servers() not in ([], [first]) and children_of(_fork_server()))
        os.kill(children_of(_fork_server())[0], signal.SIGKILL)
        until(lambda: outcome)

    assert isinstance(outcome[0], NoWord)
    assert task.folder.state() == NotStarted()
    assert start_run(task.folder, machine.to_run("true"), machine.starter)


def test_a_fork_server_that_stands_still_is_replaced(machine: Machine) -> None:
    machine.starter = SupervisorStarter(FORK_SERVER, answered_within=0.2)
    machine.starter.open()
    frozen = _fork_server()
    os.kill(frozen, signal.SIGSTOP)
    task = machine.task()

    _start_however_slow_it_is(machine, task)

    task.exited()
    assert task.printed() == b"once\n"
    assert not _is_running(frozen)


def test_a_supervisor_that_stands_still_before_it_begins_is_asked_for_again(machine: Machine) -> None:
    machine.starter = SupervisorStarter(FORK_SERVER, answered_within=1)
    task = machine.task()
    with _starting_held_back(machine, task):
        (frozen,) = children_of(_fork_server())
        os.kill(frozen, signal.SIGSTOP)
    _start_however_slow_it_is(machine, task)
    task.exited()
    os.kill(frozen, signal.SIGCONT)

    until(lambda: not _is_running(frozen))
    assert task.printed() == b"once\n"


def test_closing_ends_a_fork_server_that_stands_still_and_lets_go_of_who_waits_for_it(
    machine: Machine,
) -> None:
    machine.starter.open()
    frozen = _fork_server()
    os.kill(frozen, signal.SIGSTOP)
    task = machine.task()

    with _starting(machine, task) as outcome:
        until(task.folder.path.exists)
        machine.starter.close()

    assert isinstance(outcome[0], NoWord)
    assert task.folder.state() == NotStarted()
    assert not _is_running(frozen)
    assert _fork_servers() == []


def test_whenever_fork_servers_are_killed_every_task_runs_once(machine: Machine) -> None:
    tasks = [machine.task() for _ in range(40)]
    over = threading.Event()
    with ThreadPoolExecutor() as pool:
        killing = pool.submit(_kill_fork_servers_until, over)
        with ThreadPoolExecutor(4) as starters:
            list(starters.map(lambda task: _start_until_it_begins(machine, task), tasks))
        over.set()

    assert killing.result() > 1
    for task in tasks:
        assert task.exited().exit_code == 0
        assert task.printed() == b"once\n"


def test_want_of_processes_begins_nothing_and_passes(machine: Machine) -> None:
    machine.starter.open()
    task = machine.task()
    with _no_more_processes(_fork_server()), pytest.raises(OutOfProcesses, match="temporarily unavailable"):
        start_run(task.folder, machine.to_run("x" * 1_000_000), machine.starter)  # more than a socket holds

    assert task.folder.state() == NotStarted()
    assert start_run(task.folder, machine.to_run("exit 3"), machine.starter)
    assert task.exited().exit_code == 3


def test_a_fork_server_that_cannot_start_is_an_error_that_says_why(machine: Machine) -> None:
    starter = SupervisorStarter(Path("/no/such/script"))

    with pytest.raises(CannotSpawn, match=r"ended at once: .*No such file or directory"):
        start_run(machine.task().folder, machine.to_run("true"), starter)


def test_a_fork_server_has_next_to_nothing_of_the_servers(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "x")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    machine.starter.open()
    supervisor = machine.start("sleep 1000", environment={"KEY": "a-secret"}).running().supervisor_pid

    for pid in (_fork_server(), supervisor):
        assert Path(f"/proc/{pid}/environ").read_bytes() == b""
        assert b"a-secret" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    until(lambda: len(opened_by(_fork_server())) == 3)  # it may be about to let go of the request
    assert not [target for target in opened_by(supervisor) if target.startswith("socket:")]


def test_a_supervisor_adds_little_memory_of_its_own(machine: Machine) -> None:
    supervisors = [machine.start("sleep 1000").running().supervisor_pid for _ in range(5)]

    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() for pid in supervisors]
    own = [sum(int(line.split()[1]) for line in lines if line.startswith("Private")) for lines in rollups]
    assert max(own) < 4 * 1024


def _fork_servers() -> list[int]:
    """Those of this process that run; a test has one at a time."""
    return [pid for pid in children_of(os.getpid()) if b"process_driver/__main__.py" in _command(pid)]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _fork_server() -> int:
    (pid,) = until(_fork_servers)
    return pid


def _is_running(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def _let_go(task: SupervisedTask) -> None:
    (task.folder.path / "work" / "go").touch()


@contextmanager
def _starting(machine: Machine, task: SupervisedTask) -> Iterator[list[object]]:
    """Start a task meanwhile; what came of it is known after the block."""
    outcome: list[object] = []

    def start() -> None:
        try:
            outcome.append(start_run(task.folder, machine.to_run("echo once"), machine.starter))
        except (CannotSpawn, NoWord) as error:
            outcome.append(error)

    starting = threading.Thread(target=start)
    starting.start()
    yield outcome
    starting.join()


@contextmanager
def _starting_held_back(machine: Machine, task: SupervisedTask) -> Iterator[list[object]]:
    """Do so with the task's lock kept from its supervisor, which is there already and cannot begin within the block."""
    task.folder.path.mkdir()
    lock = os.open(task.folder.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with _starting(machine, task) as outcome:
        until(lambda: _fork_servers() and children_of(_fork_server()))
        yield outcome
        os.close(lock)


def _start_however_slow_it_is(machine: Machine, task: SupervisedTask) -> None:
    """What is given so little time to answer may begin without a word of it."""
    while not has_begun(str(task.folder.path)):
        with suppress(NoWord):
            start_run(task.folder, machine.to_run("echo once"), machine.starter)


def _kill_fork_servers_until(over: threading.Event) -> int:
    """Kill one after another, each at another moment of its life, and return how many.

    Every second one has begun something by then: else none would get that far on a machine that is slow enough.
    """
    moments = random.Random(1)
    killed: list[int] = []
    while not over.is_set():
        fresh = [pid for pid in _fork_servers() if pid not in killed]
        if not fresh:
            continue
        if len(killed) % 2:
            until(lambda fresh=fresh: over.is_set() or children_of(fresh[0]))  # type: ignore[misc]
        due = time.monotonic() + moments.uniform(0, 0.05 if len(killed) % 2 else 0.2)
        until(lambda due=due: time.monotonic() > due)  # type: ignore[misc]
        os.kill(fresh[0], signal.SIGKILL)
        killed.append(fresh[0])
    return len(killed)


def _start_until_it_begins(machine: Machine, task: SupervisedTask) -> None:
    while True:
        try:
            assert start_run(task.folder, machine.to_run("echo once"), machine.starter)
        except NoWord:
            assert task.folder.state() == NotStarted()
        else:
            return


@contextmanager
def _no_more_processes(fork_server: int) -> Iterator[None]:
    if os.getuid() != 0:
        soft, hard = resource.prlimit(fork_server, resource.RLIMIT_NPROC)
        resource.prlimit(fork_server, resource.RLIMIT_NPROC, (0, hard))
        yield
        resource.prlimit(fork_server, resource.RLIMIT_NPROC, (soft, hard))
        return
    home = Path("/sys/fs/cgroup/pids")  # to root nothing is refused but by a control group
    if not home.exists():
        pytest.skip("no control group of version 1 that counts processes")
    group = home / f"tapit-test-{uuid4().hex}"
    group.mkdir()
    (group / "pids.max").write_text("0")
    (group / "cgroup.procs").write_text(str(fork_server))
    yield
    (home / "cgroup.procs").write_text(str(fork_server))
    group.rmdir()
