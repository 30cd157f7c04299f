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
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from local.run_folder import CannotSpawn, NotStarted, OutOfProcesses
from tests.local.supervised_task import Machine, SupervisedTask, machine_in, until

HELD = "while [ ! -e go ]; do sleep 0.01; done"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with machine_in(tmp_path) as machine:
        yield machine


def test_one_nursery_serves_all_tasks(machine: Machine) -> None:
    one, other = machine.start("sleep 1000").running(), machine.start("sleep 1000").running()

    assert [one.supervisor_pid, other.supervisor_pid] == _children(_nursery())


def test_a_supervisor_survives_its_nursery_and_all_that_is_killed_with_that(machine: Machine) -> None:
    task = machine.start(f"{HELD}; exit 5")
    killed = _nursery()
    os.killpg(killed, signal.SIGKILL)

    assert machine.start("exit 3").exited().exit_code == 3
    assert _nursery() != killed
    _let_go(task)
    assert task.exited().exit_code == 5


def test_a_closed_nursery_ends_and_lets_its_supervisors_go_on(machine: Machine) -> None:
    task = machine.start(f"{HELD}; exit 5")

    machine.nursery.close()

    assert _nurseries() == []
    _let_go(task)
    assert task.exited().exit_code == 5


def test_a_nursery_ends_with_a_killed_server(machine: Machine) -> None:
    task = machine.task()
    server = (
        "import sys, os, signal; from pathlib import Path; from local.run_folder import *;"
        "RunFolder(Path(sys.argv[1]), sys.argv[2]).start("
        "TaskToRun('sleep 1000', {'PATH': os.environ['PATH']}, Path('/nonexistent')), Nursery());"
        "print(Path(f'/proc/{os.getpid()}/task/{os.getpid()}/children').read_text(), flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    arguments = [sys.executable, "-c", server, str(task.folder.path), task.folder.task_id]
    killed = subprocess.run(arguments, capture_output=True, env=os.environ | {"PYTHONPATH": str(Path.cwd())})
    nursery = int(killed.stdout)

    until(lambda: not _is_running(nursery))
    assert _is_running(task.running().supervisor_pid)


def test_a_nursery_that_was_killed_before_it_took_a_request_is_replaced(machine: Machine) -> None:
    machine.nursery.open()
    os.kill(_nursery(), signal.SIGSTOP)
    task = machine.task()

    with _starting(machine, task) as outcome:
        until(task.folder.path.exists)
        os.kill(_nursery(), signal.SIGKILL)

    assert outcome == [True]
    task.is_over()
    assert task.printed() == b"once\n"


def test_a_nursery_that_was_killed_while_its_supervisor_begins_leaves_that_to_it(machine: Machine) -> None:
    task = machine.task()
    with _starting(machine, task) as outcome, _held_back(machine, task):
        os.kill(_nursery(), signal.SIGKILL)

    assert outcome == [True]
    assert _nurseries() == []  # nobody had to ask again
    task.is_over()
    assert task.printed() == b"once\n"


def test_a_supervisor_that_was_killed_before_it_began_is_asked_for_again(machine: Machine) -> None:
    task = machine.task()
    with _starting(machine, task) as outcome, _held_back(machine, task):
        first = _nursery()
        os.kill(_children(first)[0], signal.SIGKILL)
        until(lambda: _nurseries() not in ([], [first]) and _children(_nursery()))

    assert outcome == [True]
    task.is_over()
    assert task.printed() == b"once\n"


def test_a_start_that_was_killed_twice_is_an_error_and_has_begun_nothing(machine: Machine) -> None:
    task = machine.task()
    with _starting(machine, task) as outcome, _held_back(machine, task):
        first = _nursery()
        os.kill(_children(first)[0], signal.SIGKILL)
        until(lambda: _nurseries() not in ([], [first]) and _children(_nursery()))
        os.kill(_children(_nursery())[0], signal.SIGKILL)
        until(lambda: outcome)

    assert isinstance(outcome[0], CannotSpawn)
    assert task.folder.state() == NotStarted()
    assert task.folder.start(machine.to_run("true"), machine.nursery)


def test_whenever_nurseries_are_killed_every_task_runs_once(machine: Machine) -> None:
    tasks = [machine.task() for _ in range(40)]
    over = threading.Event()
    with ThreadPoolExecutor() as pool:
        killing = pool.submit(_kill_nurseries_until, over)
        with ThreadPoolExecutor(4) as starters:
            list(starters.map(lambda task: _start_until_it_begins(machine, task), tasks))
        over.set()

    assert killing.result() > 1
    for task in tasks:
        assert task.exited().exit_code == 0
        assert task.printed() == b"once\n"


def test_want_of_processes_begins_nothing_and_passes(machine: Machine) -> None:
    machine.nursery.open()
    task = machine.task()
    with _no_more_processes(_nursery()), pytest.raises(OutOfProcesses, match="temporarily unavailable"):
        task.folder.start(machine.to_run("x" * 1_000_000), machine.nursery)  # more than a socket holds

    assert task.folder.state() == NotStarted()
    assert task.folder.start(machine.to_run("exit 3"), machine.nursery)
    assert task.exited().exit_code == 3


def test_a_nursery_that_cannot_start_is_an_error_that_says_why(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.nursery.SCRIPT", Path("/no/such/script"))

    with pytest.raises(CannotSpawn, match=r"ended at once: .*No such file or directory"):
        machine.task().folder.start(machine.to_run("true"), machine.nursery)


def test_a_nursery_has_next_to_nothing_of_the_servers(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "x")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    machine.nursery.open()
    supervisor = machine.start("sleep 1000", environment={"KEY": "a-secret"}).running().supervisor_pid

    for pid in (_nursery(), supervisor):
        assert Path(f"/proc/{pid}/environ").read_bytes() == b""
        assert b"a-secret" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert len(list(Path(f"/proc/{_nursery()}/fd").iterdir())) == 3
    targets = {str(link.readlink()) for link in Path(f"/proc/{supervisor}/fd").iterdir()}
    assert not [target for target in targets if target.startswith("socket:")]


def test_a_supervisor_adds_little_memory_of_its_own(machine: Machine) -> None:
    supervisors = [machine.start("sleep 1000").running().supervisor_pid for _ in range(5)]

    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() for pid in supervisors]
    own = [sum(int(line.split()[1]) for line in lines if line.startswith("Private")) for lines in rollups]
    assert max(own) < 4 * 1024


def _nurseries() -> list[int]:
    """Those of this process that run; a test has one at a time."""
    return [pid for pid in _children(os.getpid()) if b"supervisor/__main__.py" in _command(pid)]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _nursery() -> int:
    (pid,) = until(_nurseries)
    return pid


def _children(parent: int) -> list[int]:
    lists = (path.read_text() for path in Path(f"/proc/{parent}/task").glob("*/children"))
    return sorted(int(pid) for pids in lists for pid in pids.split())


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
            outcome.append(task.folder.start(machine.to_run("echo once"), machine.nursery))
        except CannotSpawn as error:
            outcome.append(error)

    starting = threading.Thread(target=start)
    starting.start()
    yield outcome
    starting.join()


@contextmanager
def _held_back(machine: Machine, task: SupervisedTask) -> Iterator[None]:
    """Keep the lock of a task whose supervisor is there already, so that it cannot begin within the block."""
    until(task.folder.path.exists)
    lock = os.open(task.folder.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    until(lambda: _nurseries() and _children(_nursery()))
    yield
    os.close(lock)


def _kill_nurseries_until(over: threading.Event) -> int:
    """Kill one after another, each at another moment of its life, and return how many."""
    moments = random.Random(1)
    killed: list[int] = []
    while not over.is_set():
        fresh = [pid for pid in _nurseries() if pid not in killed]
        if fresh:
            due = time.monotonic() + moments.uniform(0, 0.2)
            until(lambda due=due: time.monotonic() > due)  # type: ignore[misc]
            os.kill(fresh[0], signal.SIGKILL)
            killed.append(fresh[0])
    return len(killed)


def _start_until_it_begins(machine: Machine, task: SupervisedTask) -> None:
    while True:
        try:
            assert task.folder.start(machine.to_run("echo once"), machine.nursery)
        except CannotSpawn:
            assert task.folder.state() == NotStarted()
        else:
            return


@contextmanager
def _no_more_processes(nursery: int) -> Iterator[None]:
    if os.getuid() != 0:
        soft, hard = resource.prlimit(nursery, resource.RLIMIT_NPROC)
        resource.prlimit(nursery, resource.RLIMIT_NPROC, (0, hard))
        yield
        resource.prlimit(nursery, resource.RLIMIT_NPROC, (soft, hard))
        return
    home = Path("/sys/fs/cgroup/pids")  # to root nothing is refused but by a control group
    if not home.exists():
        pytest.skip("no control group of version 1 that counts processes")
    group = home / f"tapit-test-{uuid4().hex}"
    group.mkdir()
    (group / "pids.max").write_text("0")
    (group / "cgroup.procs").write_text(str(nursery))
    yield
    (home / "cgroup.procs").write_text(str(nursery))
    group.rmdir()
